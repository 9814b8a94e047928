// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/providers/example/example.h"

#include <fmt/format.h>

#include <variant>

#include "base/foreign_text.h"
#include "dns/lookups.h"
#include "providers/kit/causes.h"
#include "providers/kit/character_string.h"
#include "providers/kit/http_api.h"
#include "providers/kit/longest_zone.h"
#include "providers/kit/record_provider.h"

namespace acmed::providers {
namespace {

using Outcome = RecordAnswer::Outcome;

class Example final : public RecordProvider {
 public:
  Example(const ExampleSettings& settings, Loop& loop)
      : http_(loop, {.allow_plain_http = true}),
        api_({.who = "Example DNS", .url = settings.url, .bearer = settings.token}, http_, loop.clock()),
        zones_(loop.clock()) {}

  Task<std::optional<Zone>> zone_of(dns::Name name) override {
    const auto zones = co_await zones_.get({}, list_zones());
    co_return longest_zone(zones, name);
  }

  Task<std::optional<std::string>> check_credentials() override {
    co_await list_zones();
    co_return std::nullopt;
  }

  void rest() override {
    http_.rest();
    zones_.forget();
  }

 private:
  Task<std::vector<Zone>> list_zones() {
    const auto listed = co_await get("/zones", "zones");
    std::vector<Zone> zones;
    for (const auto& zone : listed) {
      const auto apex = dns::Name::parse(zone["name"].text_or());
      const auto id = zone["id"].text_or();
      if (apex && is_base64url(id)) zones.push_back({*apex, id});  // it becomes a part of URLs
    }
    co_return zones;
  }

  Task<std::vector<TxtRecord>> list(Zone zone, std::set<dns::Name>, dns::Type) override {
    const auto listed = co_await get("/zones/" + zone.id + "/records?type=TXT", "records");
    std::vector<TxtRecord> records;
    for (const auto& record : listed) append(records, record);
    co_return records;
  }

  Task<RecordAnswer> add(Zone zone, TxtChange change) override {
    json::Object record{{"type", "TXT"},
                        {"name", change.name.text()},
                        {"content", quoted_string(change.value)},
                        {"ttl", std::int64_t{change.ttl.count()}}};
    const auto response = co_await call("POST", "/zones/" + zone.id + "/records", {201, 409, 422}, std::move(record));
    if (response.status == 409) co_return RecordAnswer{Outcome::exists};
    if (response.status == 422) {
      const auto sentence =
          fmt::format("Example DNS refuses TXT at {}: {}", change.name.text(), api_.words_in(response));
      co_return RecordAnswer::refused(Refused(cause::of_status(422), sentence));
    }
    RecordAnswer made;
    append(made.added, json::parse(response.body).value_or(json::Value())["record"]);
    co_return made;
  }

  Task<RecordAnswer> remove(Zone zone, TxtRecord record) override {
    const auto response = co_await call("DELETE", "/zones/" + zone.id + "/records/" + record.id, {204, 404});
    co_return RecordAnswer{response.status == 404 ? Outcome::missing : Outcome::made};
  }

  static void append(std::vector<TxtRecord>& records, const json::Value& record) {
    const auto name = dns::Name::parse(record["name"].text_or());
    const auto id = record["id"].text_or();
    if (name && is_base64url(id)) records.push_back({*name, record["content"].text_or(), id});
  }

  Task<json::Array> get(std::string path, std::string list) {
    const auto response = co_await call("GET", std::move(path), {200});
    const auto answer = json::parse(response.body).value_or(json::Value());
    if (answer[list].as_array() == nullptr) api_.throw_for_no_answer(response, "example:answer", "a list of " + list);
    co_return answer[list].elements();
  }

  /// `expected`: the statuses that mean something here.
  Task<http::Response> call(std::string method, std::string path, std::set<int> expected,
                            std::optional<json::Value> body = std::nullopt) {
    auto response = co_await api_.send(std::move(method), std::move(path), std::move(body));
    if (response.status == 401) {
      throw Refused(cause::of_status(401), "Example DNS refuses the token: make a new one in its dashboard, under API");
    }
    if (!expected.contains(response.status)) api_.throw_failure(response, {}, ". Look at url");
    co_return response;
  }

  http::Client http_;
  HttpApi api_;
  dns::Lookups<std::monostate, std::vector<Zone>> zones_;
};

}  // namespace

std::unique_ptr<Provider> make_example(const ExampleSettings& settings, Loop& loop) {
  return std::make_unique<Example>(settings, loop);
}

}  // namespace acmed::providers
