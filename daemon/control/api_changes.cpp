// SPDX-License-Identifier: Apache-2.0
// What is done when the API is asked for it: operations, a reload, an examination.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/error.h"
#include "base/foreign_text.h"
#include "config/suggest.h"
#include "daemon/acme/revocation_reason.h"
#include "daemon/control/api.h"
#include "daemon/control/documents.h"
#include "daemon/control/request.h"

namespace acmed::control {

Api::Response Api::begin(const std::string& what, const std::string& certificate, const std::string& detail,
                         std::function<Task<Outcome>(Keeping&)> act) {
  if (scope_ == nullptr)
    throw ProblemResponse(503, "control:ending", "acmed is about to end: ask again once it is back");
  bool is_new = false;
  const auto id = operations_.begin(what, certificate, detail, &is_new);
  if (is_new) scope_->spawn(carry_out(id, std::move(act)));
  auto response = json_response(operations_.json_of(id), 202);
  response.headers.emplace_back("Location", "/v1/operations/" + id);
  return response;
}

Task<> Api::carry_out(std::string id, std::function<Task<Outcome>(Keeping&)> act) {
  Outcome outcome;
  const auto fail = [&outcome](std::string cause, std::string sentence, Party party) {
    keep::TroubleView failure;
    failure.what = "operation";
    failure.cause = std::move(cause);
    failure.sentence = std::move(sentence);
    failure.party = party;
    failure.next_try = Time::max();
    outcome.push_back(std::move(failure));
  };
  try {
    outcome = co_await act(keeping());
  } catch (const Cancelled&) {
    fail("control:ending", "acmed ended meanwhile; what was begun goes on after its next start", Party::host);
  } catch (const Error& error) {
    fail(error.cause(), error.what(), error.party());
  } catch (const std::exception& error) {
    fail("internal", error.what(), Party::host);
  }
  operations_.end(id, outcome);
  const auto document = operations_.json_of(id);
  events_.add("operation", {{"operation", id},
                            {"certificate", document["certificate"]},
                            {"ca", document["ca"]},
                            {"what", document["what"]},
                            {"state", document["state"]}});
}

Task<Api::Response> Api::attempt(Request request, std::vector<std::string> parts) {
  return try_now(std::move(request), std::move(parts), "attempt", &Keeping::attempt);
}

Task<Api::Response> Api::renew(Request request, std::vector<std::string> parts) {
  return try_now(std::move(request), std::move(parts), "renew", &Keeping::renew);
}

Task<Api::Response> Api::try_now(Request request, std::vector<std::string> parts, std::string what, Attempt act) {
  check_query(request, {});
  const auto name = parts.front();
  const bool force = bool_in(object_in(request, {"force"}), "force", false);
  co_await require_certificate(name);
  co_return begin(what, name, force ? "force" : "",
                  [name, force, act](Keeping& present) { return (present.*act)(name, force); });
}

Task<Api::Response> Api::deploy(Request request, std::vector<std::string> parts) {
  check_query(request, {});
  const auto name = parts.front();
  const auto target = text_in(object_in(request, {"target"}), "target");
  co_await require_certificate(name);
  const auto view = keeping().certificate(name);
  if (!view) throw being_replaced();
  std::vector<std::string> known;
  for (const auto& each : view->targets) known.push_back(each.name);
  if (target && std::ranges::find(known, *target) == known.end()) {
    throw ProblemResponse(404, "control:unknown",
                          fmt::format("certificate {} has no target \"{}\"{}", name, one_line(*target, longest_quote),
                                      config::did_you_mean(*target, known)));
  }
  if (known.empty()) {
    throw ProblemResponse(409, "control:no-target",
                          fmt::format("certificate {} has no target: its files in live/ are the product", name));
  }
  std::set<std::string> targets;
  if (target) targets.insert(*target);
  co_return begin("deploy", name, target.value_or(""),
                  [name, targets](Keeping& present) { return present.deploy(name, targets); });
}

Task<Api::Response> Api::revoke(Request request, std::vector<std::string> parts) {
  check_query(request, {});
  const auto name = parts.front();
  const auto object = object_in(request, {"generation", "reason", "replace"});
  RevocationWish wish;
  wish.generation = number_in(object, "generation").value_or(0);
  wish.reason = text_in(object, "reason").value_or("unspecified");
  wish.replace = bool_in(object, "replace", false);
  if (!acme::revocation_reason_from(wish.reason)) {
    const auto& known = acme::revocation_reasons();
    auto hint = config::did_you_mean(wish.reason, known);
    if (hint.empty()) hint = ": there is " + config::listed(known, "and");
    throw ProblemResponse(400, "control:request",
                          fmt::format("\"{}\" is no reason for which the owner of a certificate may revoke it{}",
                                      one_line(wish.reason, longest_quote), hint));
  }
  co_await require_certificate(name);
  co_return begin("revoke", name, fmt::format("{} {} {}", wish.generation, wish.reason, wish.replace),
                  [name, wish](Keeping& present) { return present.revoke(name, wish); });
}

Task<Api::Response> Api::reload(Request request, std::vector<std::string>) {
  check_query(request, {});
  object_in(request, {});
  const auto faults = co_await subject_.reload();
  json::Array list;
  for (const auto& fault : faults) list.push_back(fault_json(fault));
  if (!faults.empty()) {
    throw ProblemResponse(422, "config:faults", "the new configuration is wrong: the old one stays in force",
                          {{"faults", std::move(list)}});
  }
  co_return json_response(json::Object{{"faults", json::Array{}}});
}

Task<Api::Response> Api::doctor(Request request, std::vector<std::string>) {
  check_query(request, {});
  const auto object = object_in(request, {"name", "touch_dns"});
  const auto name = text_in(object, "name");
  const bool touch_dns = bool_in(object, "touch_dns", false);
  const auto* examine = subject_.doctor();
  if (examine == nullptr) throw ProblemResponse(404, "control:unknown", "this acmed has no doctor");
  if (name) co_await require_certificate(*name);
  const auto turn = co_await examinations_.acquire();
  const auto lines = co_await (*examine)(name, touch_dns);
  json::Array list;
  for (const auto& line : lines) list.emplace_back(doctor::to_json(line));
  co_return json_response(json::Object{{"lines", std::move(list)}});
}

Task<Api::Response> Api::roll_key(Request request, std::vector<std::string> parts) {
  co_return change_account(request, parts.front(), "roll-key", AccountChange::roll_key);
}

Task<Api::Response> Api::deactivate_account(Request request, std::vector<std::string> parts) {
  co_return change_account(request, parts.front(), "deactivate", AccountChange::deactivate);
}

Task<Api::Response> Api::create_account(Request request, std::vector<std::string> parts) {
  co_return change_account(request, parts.front(), "create", AccountChange::create);
}

Api::Response Api::change_account(const Request& request, const std::string& ca, const std::string& what,
                                  AccountChange change) {
  check_query(request, {});
  object_in(request, {});
  require_ca(ca);
  return begin(what, "", ca, [ca, change](Keeping& present) { return present.change_account(ca, change); });
}

}  // namespace acmed::control
