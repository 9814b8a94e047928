// SPDX-License-Identifier: Apache-2.0
#include "daemon/acme/answer.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/foreign_text.h"

namespace acmed::acme {
namespace {

constexpr Duration longest_retry_after = std::chrono::hours(1);
/// The pause after rateLimited without Retry-After.
constexpr Duration default_throttle = std::chrono::hours(1);
constexpr std::size_t longest_quote = 80;
constexpr std::size_t longest_url = 200;
constexpr std::size_t longest_terms_url = 500;
constexpr std::string_view controls_in_text = "\t\n\r\f\x1B";

std::string host_of(const std::string& url) {
  const auto start = url.find("://");
  const auto host = start == std::string::npos ? url : url.substr(start + 3);
  return one_line(host.substr(0, host.find('/')), longest_url);
}

/// A name for what the CA sent, for people.
std::string form_of(const http::Response& response) {
  const auto type = response.media_type();
  if (type == "text/html" || type == "application/xhtml+xml") return "HTML";  // before the body: HEAD has none
  if (response.body.empty()) return "nothing";
  const auto encoding = response.header("content-encoding").value_or("");
  const auto form = type.empty() ? "something" : one_line(type, longest_quote);
  return encoding.empty() ? form : fmt::format("{} compressed by {}", form, one_line(encoding, longest_quote));
}

/// Whether a person can read it in a sentence: not DER, nor what is compressed.
bool is_legible(std::string_view body) {
  return std::ranges::none_of(body, [](char c) {
    return static_cast<unsigned char>(c) < 0x20 && controls_in_text.find(c) == std::string_view::npos;
  });
}

/// Judges by the status alone.
Verdict verdict_on_status(int status) {
  if (status == 404 || status == 410) return Verdict::gone;
  // 502 to 504 come from a gateway in front of the CA, or are about the CA's load.
  return status >= 502 && status <= 504 ? Verdict::unknown : Verdict::unusable;
}

}  // namespace

Verdict verdict_on(const Error& error) {
  if (error.advice() == Error::Advice::throttled) return Verdict::unknown;
  if (const auto* answer = dynamic_cast<const AnswerError*>(&error)) return verdict_on_status(answer->status());
  const auto* refusal = dynamic_cast<const ProblemError*>(&error);
  if (refusal == nullptr) {
    const bool about_this_url = error.cause() == http::bad_url || error.cause() == http::too_large;
    return about_this_url ? Verdict::unusable : Verdict::unknown;
  }
  const auto& problem = refusal->problem();
  if (problem.type == problem_type::account_does_not_exist) return Verdict::gone;
  if (problem.type == problem_type::bad_nonce || problem.type == problem_type::user_action_required)
    return Verdict::unknown;
  return verdict_on_status(problem.status);
}

bool is_worth_another_look(const Error& error) {
  return verdict_on(error) != Verdict::unknown && error.cause() != http::bad_url;
}

std::optional<Problem> problem_in(const http::Response& response) {
  if (response.status < 400) return std::nullopt;
  // Judged by content, not by media type: some servers and gateways say application/json.
  const auto body = json::parse(response.body);
  if (!body || !body->as_object()) return std::nullopt;
  // Without a type it is "about:blank" (RFC 9457 §3.1.1); but that alone does not tell it from other JSON.
  const bool is_named = response.media_type() == "application/problem+json";
  if (!is_named && !(*body)["type"].as_string()) return std::nullopt;
  Problem problem = Problem::from_json(*body);
  problem.status = response.status;
  if (problem.type == problem_type::user_action_required && problem.instance.empty()) {
    const auto terms = response.links("terms-of-service");
    if (!terms.empty()) problem.instance = one_line(terms.front(), longest_terms_url);
  }
  return problem;
}

std::optional<Time> retry_after(const http::Response& response, Time now) {
  return response.retry_after(now, longest_retry_after);
}

void require_success(const std::string& doing, const std::string& url, const http::Response& response, Time now) {
  if (response.status >= 200 && response.status <= 299) return;
  auto not_before = response.retry_after(now, longest_overload);
  if (auto problem = problem_in(response)) {
    if (problem->type == problem_type::rate_limited && response.status != 503)
      not_before = response.retry_after(now, longest_rate_limit);
    if (!not_before && (problem->type == problem_type::rate_limited || response.status == 429))
      not_before = now + default_throttle;
    const auto place = fmt::format("{} at {}", doing, host_of(url));
    // A CA that sheds load says so to everybody, even though it words it as a problem with this one request.
    if (response.status == 503 && not_before) {
      throw Throttled(
          overloaded,
          fmt::format("cannot {}: {}; the next try is welcome at {}", place, problem->text(), to_rfc3339(*not_before)),
          not_before, Party::ca);
    }
    throw ProblemError(place, *std::move(problem), not_before);
  }
  if (response.status == 429 || (response.status == 503 && not_before)) {
    if (!not_before) not_before = now + default_throttle;
    throw Throttled(overloaded,
                    fmt::format("cannot {}: {} answered that there are too many requests (status {}); the next try is "
                                "welcome at {}",
                                doing, host_of(url), response.status, to_rfc3339(*not_before)),
                    not_before, Party::ca);
  }
  throw unexpected_answer(doing, url, response, "JSON", not_before);
}

json::Value read_json(const std::string& doing, const std::string& url, const http::Response& response) {
  auto body = json::parse(response.body);
  if (!body || !body->as_object()) throw unexpected_answer(doing, url, response, "JSON");
  return *std::move(body);
}

AnswerError unexpected_answer(const std::string& doing, const std::string& url, const http::Response& response,
                              const std::string& expected, std::optional<Time> not_before) {
  auto sentence = fmt::format("cannot {}: CA {} answered {} with status {} instead of {}", doing,
                              one_line(url, longest_url), form_of(response), response.status, expected);
  const auto location = response.header("location");
  if (response.status >= 300 && response.status <= 399 && location) {
    sentence += fmt::format(", a redirect to \"{}\"", one_line(*location, longest_url));
  }
  const auto quote = is_legible(response.body) ? one_line(response.body, longest_quote) : std::string();
  if (!quote.empty()) sentence += ": " + quote;
  return {odd_answer, sentence, response.status, not_before};
}

}  // namespace acmed::acme
