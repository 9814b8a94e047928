// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/ascii.h"
#include "daemon/control/embedded.h"
#include "tests/unit/catch.h"
#include "tests/unit/control/scene.h"

namespace acmed::control {
namespace {

const json::Value& description() {
  static const auto value = json::parse(embedded::openapi).value_or(json::Value());
  return value;
}

bool is_of_type(const json::Value& value, std::string_view type) {
  if (type == "null") return value.is_null();
  if (type == "string") return value.as_string() != nullptr;
  if (type == "boolean") return value.as_bool() != nullptr;
  if (type == "integer") return value.as_integer() != nullptr;
  if (type == "array") return value.as_array() != nullptr;
  if (type == "object") return value.as_object() != nullptr;
  // A number is an integer, or neither of the others.
  return value.as_string() == nullptr && value.as_bool() == nullptr && value.as_array() == nullptr &&
         value.as_object() == nullptr && !value.is_null();
}

/// What of `value` is not as the schema says; empty when all is. Knows what our description uses.
std::string fault_of(const json::Value& value, const json::Value& schema, const std::string& at) {
  if (const auto* reference = schema["$ref"].as_string()) {
    const auto name = reference->substr(reference->rfind('/') + 1);
    const auto& target = description()["components"]["schemas"][name];
    return target.is_null() ? at + ": " + *reference + " does not exist" : fault_of(value, target, at);
  }
  if (!schema["oneOf"].is_null()) {
    std::string last;
    for (const auto& each : schema["oneOf"].elements()) {
      last = fault_of(value, each, at);
      if (last.empty()) return {};
    }
    return last;
  }
  auto types = schema["type"].texts();
  if (const auto* type = schema["type"].as_string()) types = {*type};
  const auto fits = [&value](const std::string& type) { return is_of_type(value, type); };
  if (!types.empty() && std::ranges::none_of(types, fits)) return at + ": has another type: " + json::dump(value);
  if (const auto* allowed = schema["enum"].as_array()) {
    if (std::ranges::find(*allowed, value) == allowed->end()) return at + ": is not allowed: " + json::dump(value);
  }
  if (const auto* object = value.as_object()) {
    for (const auto& name : schema["required"].texts()) {
      if (!object->contains(name)) return at + ": lacks " + name;
    }
    for (const auto& [name, member] : *object) {
      const auto& own = schema["properties"][name];
      if (own.is_null() && !schema["additionalProperties"].bool_or(true)) return at + ": has an undescribed " + name;
      if (own.is_null()) continue;
      if (auto fault = fault_of(member, own, at + "." + name); !fault.empty()) return fault;
    }
  }
  for (const auto& element : value.elements()) {
    if (auto fault = fault_of(element, schema["items"], at + "[]"); !fault.empty()) return fault;
  }
  return {};
}

/// What of an answer is not as it is described.
std::string fault_of(const std::string& method, const std::string& path, const Scene::Answer& answer) {
  const auto at = fmt::format("{} {} {}", method, path, answer.status);
  const auto& responses = description()["paths"][path][ascii_lower(method)]["responses"];
  const auto& content = responses[std::to_string(answer.status)]["content"];
  if (content.is_null()) return at + ": is not described";
  const auto type = answer.headers.at("Content-Type");
  const auto& schema = content[type.substr(0, type.find(';'))]["schema"];
  if (schema.is_null()) return at + ": its type " + type + " is not described";
  return type.find("json") == std::string::npos ? std::string() : fault_of(answer.document, schema, at);
}

}  // namespace

SCENARIO("every request that is answered is described, with who may make it, and no other") {
  std::set<std::string> answered;
  for (const auto& each : Api::described()) {
    answered.insert(each.method + " " + each.path);
    const auto& described = description()["paths"][each.path][ascii_lower(each.method)];
    CHECK(described["x-right"].text_or() == (each.needs == Right::change ? "change" : "view"));
  }
  std::set<std::string> described;
  for (const auto& [path, methods] : *description()["paths"].as_object()) {
    for (const auto& [method, operation] : *methods.as_object()) {
      described.insert((method == "get" ? "GET " : "POST ") + path);
    }
  }
  CHECK(answered == described);
}

SCENARIO("what is served is what is described") {
  Scene scene;
  auto& web = scene.kept.add("web", keep::State::failing);
  web.live = keep::LiveView{3, "04ab", scene.clock.now(), scene.clock.now(),
                            keep::RevokedView{scene.clock.now(), "keyCompromise", true}};
  web.next = keep::NextView{"renew", scene.clock.now(), "a third of its life is left"};
  web.suggested_window =
      keep::WindowView{scene.clock.now(), scene.clock.now() + std::chrono::hours(1), "https://ca.test/why"};
  web.renewal = scene.clock.now();
  keep::TroubleView trouble;
  trouble.what = "issue";
  trouble.party = Party::ca;
  web.troubles = {trouble};
  trouble.party.reset();
  trouble.next_try = Time::max();
  web.targets = {{"nginx", 1, false, trouble}, {"other", 0, true, {}}};
  scene.kept.add("bare", keep::State::missing);
  scene.kept.outcome = {trouble};
  scene.configuration.left_out = {{"/etc/acmed/conf.d/x.toml", 1, 2, "is wrong"}};
  scene.api.set_listeners({{"unix", "/run/acmed/control.sock"}});
  scene.examine = [](std::optional<std::string>, bool) -> Task<std::vector<doctor::Line>> {
    co_return std::vector<doctor::Line>{{"clock", doctor::Verdict::warning, "is slow", ""}};
  };
  std::string operation;
  const auto check = [&scene](const std::string& method, const std::string& path, const std::string& target,
                              const std::string& body, int status) {
    const auto answer = scene.ask(method, target, body);
    CHECK(answer.status == status);
    CHECK(fault_of(method, path, answer) == "");
    return answer;
  };
  scene.api.observer().began("web");
  scene.api.observer().published("web", 1);
  dns::ServerReport report{
      {dns::Name("ns2.test"), *dns::Endpoint::parse("192.0.2.2:53"), {}}, dns::Name("web.test"), false, ""};
  scene.api.observer().looked("web", {report});
  check("GET", "/", "/", "", 200);
  check("GET", "/metrics", "/metrics", "", 200);
  check("GET", "/v1/openapi.json", "/v1/openapi.json", "", 200);
  check("GET", "/v1/status", "/v1/status", "", 200);
  check("GET", "/v1/status", "/v1/status?x=1", "", 400);
  check("GET", "/v1/certificates", "/v1/certificates", "", 200);
  check("GET", "/v1/certificates", "/v1/certificates?ca=x", "", 404);
  check("GET", "/v1/certificates/{name}", "/v1/certificates/web", "", 200);
  check("GET", "/v1/certificates/{name}", "/v1/certificates/bare", "", 200);
  check("GET", "/v1/certificates/{name}", "/v1/certificates/none", "", 404);
  operation =
      check("POST", "/v1/certificates/{name}/renew", "/v1/certificates/web/renew", "", 202).document["id"].text_or();
  check("POST", "/v1/certificates/{name}/deploy", "/v1/certificates/web/deploy", R"({"target":"nginx"})", 202);
  check("POST", "/v1/certificates/{name}/deploy", "/v1/certificates/bare/deploy", "", 409);
  check("POST", "/v1/certificates/{name}/revoke", "/v1/certificates/web/revoke", R"({"generation":3})", 202);
  check("POST", "/v1/certificates/{name}/revoke", "/v1/certificates/web/revoke", R"({"reason":"x"})", 400);
  for (const auto* action : {"roll-key", "deactivate", "create"}) {
    const auto path = std::string("/v1/accounts/{ca}/") + action;
    check("POST", path, std::string("/v1/accounts/lab/") + action, "", 202);
    check("POST", path, std::string("/v1/accounts/none/") + action, "", 404);
  }
  check("GET", "/v1/operations/{id}", "/v1/operations/" + operation, "", 200);
  check("GET", "/v1/operations/{id}", "/v1/operations/none", "", 404);
  check("GET", "/v1/events", "/v1/events?since=0", "", 200);
  check("GET", "/v1/events", "/v1/events?since=x", "", 400);
  check("POST", "/v1/reload", "/v1/reload", "", 200);
  scene.faults = {{"/etc/acmed/acmed.toml", 1, 2, "is wrong"}};
  check("POST", "/v1/reload", "/v1/reload", "", 422);
  check("POST", "/v1/doctor", "/v1/doctor", "", 200);
  check("GET", "/v1/accounts", "/v1/accounts", "", 200);
  scene.is_replaced = true;
  check("GET", "/v1/status", "/v1/status", "", 503);
}

SCENARIO("the page hears every event that is described") {
  const auto& events = description()["paths"]["/v1/events"]["get"]["responses"]["200"]["description"];
  auto words = events.text_or();
  words = words.substr(words.find(':') + 1, words.find(';') - words.find(':') - 1);
  std::size_t number = 0;
  for (std::size_t at = 0; at != std::string::npos && at < words.size(); at = words.find(' ', at + 1)) {
    const auto begin = words.find_first_not_of(' ', at);
    const auto type = words.substr(begin, words.find_first_of(", ", begin) - begin);
    INFO(type);
    CHECK(std::string_view(embedded::page).find(fmt::format("\"{}\"", type)) != std::string_view::npos);
    ++number;
  }
  CHECK(number >= 15);
}

}  // namespace acmed::control
