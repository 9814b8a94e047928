// SPDX-License-Identifier: Apache-2.0
#include "daemon/acme/problem.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/foreign_text.h"
#include "daemon/acme/causes.h"

namespace acmed::acme {
namespace {

// Problems end up in logs, state files and terminals: this bounds what a CA can put there.
constexpr std::size_t longest_type = 100;
constexpr std::size_t longest_detail = 1000;
constexpr std::size_t longest_url = 500;
constexpr std::size_t longest_identifier = 255;
constexpr std::size_t most_subproblems = 100;
constexpr std::size_t most_subproblems_in_text = 10;

constexpr std::string_view untyped = "about:blank";
constexpr std::string_view error_namespace = "urn:ietf:params:acme:error:";

/// Types that no retry can cure (RFC 8555 §6.7; RFC 9773 §7.4; draft-ietf-acme-profiles §6.3).
constexpr std::array<std::string_view, 17> for_the_operator = {
    problem_type::account_does_not_exist,
    "alreadyReplaced",
    "alreadyRevoked",
    "badCSR",
    problem_type::bad_public_key,
    "badRevocationReason",
    problem_type::bad_signature_algorithm,
    "caa",
    "externalAccountRequired",
    problem_type::invalid_contact,
    "invalidProfile",
    problem_type::malformed,
    problem_type::rejected_identifier,
    problem_type::unsupported_contact,
    problem_type::unsupported_identifier,
    problem_type::user_action_required,
    "unknownDelegation",
};

Error::Advice advice_for(const Problem& problem) {
  if (problem.type == problem_type::rate_limited) return Error::Advice::throttled;
  if (std::ranges::find(for_the_operator, problem.type) != for_the_operator.end()) return Error::Advice::refused;
  // Types that we do not know are judged by the class of the status. Most 4xx pass too: name servers and CAs recover.
  if (problem.status == 429) return Error::Advice::throttled;
  return Error::Advice::retry;
}

/// What the operator can do about it; empty where the detail says it all.
std::string remedy(const Problem& problem) {
  if (problem.type == problem_type::user_action_required) {
    // terms_agreed is set: without it the configuration is refused (RFC 8555 §7.3.3).
    if (problem.instance.empty()) return "look at the CA's site for what it wants of the owner of the account";
    return fmt::format(
        "visit {} and do what the CA wants there: acmed then goes on by itself. By terms_agreed in its [ca] section "
        "you "
        "have agreed to its terms; take it out if you do not agree to those that are there now",
        problem.instance);
  }
  if (problem.type == "externalAccountRequired") {
    return "set eab = { kid = ..., hmac_key = ... } in the [ca] section, with what the CA gave you";
  }
  if (problem.type == problem_type::account_does_not_exist) {
    return "acmed registers the account's key again by itself: where that does not help, ask the CA";
  }
  if (problem.type == problem_type::invalid_contact || problem.type == problem_type::unsupported_contact) {
    return "set contact in the [ca] section to an address that the CA takes, or leave it out where it wants none";
  }
  if (problem.type == "badRevocationReason") {
    return "give another --reason: most CAs take unspecified, keyCompromise, superseded and cessationOfOperation";
  }
  if (problem.type == "invalidProfile") {
    return "set profile, in the certificate or in the [ca] section, to one that this account may use, or leave it out";
  }
  if (problem.type == "caa") {
    return "allow this CA in the CAA records of the name: acmed --check --dns tells where they are and what to add";
  }
  if (problem.type == problem_type::bad_public_key) {
    return "set key_type to ecdsa-p256 or rsa-2048, which CAs take for certificates";
  }
  if (problem.type == "badCSR") {
    return "where it is about the key, set key_type to ecdsa-p256 or rsa-2048; where the CA wants a common name, set "
           "common_name = \"first\" in the [ca] section";
  }
  return {};
}

std::string sentence(const std::string& doing, const Problem& problem, const std::optional<Time>& retry_after) {
  std::string text = fmt::format("cannot {}: {}", doing, problem.text());
  if (const auto todo = remedy(problem); !todo.empty()) text += "; " + todo;
  if (advice_for(problem) == Error::Advice::throttled && retry_after) {
    text += "; the next try is welcome at " + to_rfc3339(*retry_after);
  }
  return text;
}

}  // namespace

Problem Problem::from_json(const json::Value& value) {
  Problem problem;
  std::string type = value["type"].text_or(std::string(untyped));
  if (type.starts_with(error_namespace)) type.erase(0, error_namespace.size());
  problem.type = one_line(type, longest_type);
  problem.detail = one_line(value["detail"].text_or(value["title"].text_or()), longest_detail);
  const auto status = value["status"].integer_or(0);
  if (status >= 100 && status <= 599) problem.status = static_cast<int>(status);
  problem.instance = one_line(value["instance"].text_or(), longest_url);
  problem.identifier = one_line(value["identifier"]["value"].text_or(), longest_identifier);
  for (const auto& inner : value["subproblems"].elements()) {
    if (problem.subproblems.size() == most_subproblems) break;
    Problem subproblem = from_json(inner);
    subproblem.subproblems.clear();  // they do not nest (RFC 8555 §6.7.1)
    problem.subproblems.push_back(std::move(subproblem));
  }
  return problem;
}

json::Value Problem::to_json() const {
  json::Object object;
  object["type"] = type;
  if (!detail.empty()) object["detail"] = detail;
  if (status != 0) object["status"] = status;
  if (!instance.empty()) object["instance"] = instance;
  if (!identifier.empty()) object["identifier"] = json::Object{{"type", "dns"}, {"value", identifier}};
  if (!subproblems.empty()) {
    json::Array inner;
    for (const auto& subproblem : subproblems) inner.push_back(subproblem.to_json());
    object["subproblems"] = std::move(inner);
  }
  return object;
}

std::string Problem::text() const {
  // "about:blank" says no more than the status does (RFC 9457 §4.2.1).
  std::string line = type == untyped && status != 0 ? fmt::format("status {}", status) : type;
  if (!detail.empty()) line += ": " + detail;
  for (std::size_t i = 0; i < subproblems.size(); ++i) {
    if (i == most_subproblems_in_text) {
      line += fmt::format(" [and {} more]", subproblems.size() - i);
      break;
    }
    const Problem& inner = subproblems[i];
    line += fmt::format(" [{}{}]", inner.identifier.empty() ? "" : inner.identifier + ": ", inner.text());
  }
  return line;
}

ProblemError::ProblemError(const std::string& doing, Problem problem, std::optional<Time> retry_after)
    : Error(advice_for(problem), "acme:" + problem.type, sentence(doing, problem, retry_after), retry_after, Party::ca),
      problem_(std::move(problem)) {}

ProblemError::ProblemError(const Error& error, Problem problem) : Error(error), problem_(std::move(problem)) {}

ProblemError ProblemError::remarked(const std::string& remark) const {
  return {Error(advice(), cause(), std::string(what()) + "; " + remark, not_before(), party()), problem_};
}

}  // namespace acmed::acme
