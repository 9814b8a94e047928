// SPDX-License-Identifier: Apache-2.0
#include "providers/cloudflare/cloudflare.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <exception>

#include "base/encoding.h"
#include "base/error.h"
#include "base/secret_list.h"
#include "dns/tlsa.h"
#include "providers/kit/causes.h"
#include "providers/kit/character_string.h"
#include "providers/kit/record_content.h"

namespace acmed::providers {
namespace {

using cloudflare::Answer;
using cloudflare::Api;
using cloudflare::Request;
using std::chrono::seconds;
using Outcome = RecordAnswer::Outcome;

constexpr std::size_t most_operations = 200;    // in a batch, on the smallest plan
constexpr int records_per_page = 300;           // the largest, with comments and all, are 1 MiB together
constexpr std::int64_t most_pages_of_name = 4;  // Cloudflare keeps no more than 8 KiB of TXT at a name
constexpr seconds shortest_ttl{60};             // 1 would mean "automatic"
constexpr seconds longest_ttl{86400};
constexpr Duration warn_before = std::chrono::hours(24 * 14);
constexpr std::size_t longest_status = 40;
constexpr std::string_view verify_path = "/user/tokens/verify";

std::vector<dns::Name> names(const std::vector<std::string>& zones) {
  return {zones.begin(), zones.end()};
}

std::optional<Zone> fixed_zone(const std::vector<std::string>& zones, const std::string& id) {
  if (id.empty()) return std::nullopt;
  return Zone{dns::Name(zones.front()), id};
}

std::string records_path(const Zone& zone) {
  return fmt::format("/zones/{}/dns_records", zone.id);
}

/// The fields of a TLSA record, which Cloudflare wants apart.
json::Object tlsa_json(const std::string& value) {
  const auto octets = dns::tlsa_octets(value).value();
  const auto field = [&octets](std::size_t place) { return std::int64_t{static_cast<std::uint8_t>(octets.at(place))}; };
  return {
      {"usage", field(0)}, {"selector", field(1)}, {"matching_type", field(2)}, {"certificate", hex(octets.substr(3))}};
}

json::Value record_json(const TxtChange& change) {
  json::Object record{{"type", type_text(change.type)},
                      {"name", change.name.text()},
                      {"ttl", std::int64_t{std::clamp(change.ttl, shortest_ttl, longest_ttl).count()}}};
  if (change.type == dns::Type::tlsa) {
    record.emplace("data", tlsa_json(change.value));
  } else {
    record.emplace("content", quoted_string(change.value));
  }
  return record;
}

void append_record(std::vector<TxtRecord>& records, const json::Value& record) {
  const auto name = cloudflare::read_name(record["name"].text_or());
  const auto id = record["id"].text_or();
  if (name && cloudflare::is_id(id)) records.push_back({*name, record["content"].text_or(), id});
}

void append_records(std::vector<TxtRecord>& records, const json::Value& list) {
  for (const auto& record : list.elements()) append_record(records, record);
}

std::optional<Time> end_of(const Answer& verified) {
  return verified.success ? parse_rfc3339(verified.result["expires_on"].text_or()) : std::nullopt;
}

void append_warning(std::vector<std::string>& warnings, std::string_view token, const Answer& verified, Time now) {
  if (!verified.success) return;
  const auto status = verified.result["status"].text_or("active");
  const auto expires = end_of(verified);
  if (status != "active") {
    warnings.push_back(fmt::format("its {} is {}", token, fit_to_show(status, longest_status)));
  } else if (expires && *expires <= now + warn_before) {
    warnings.push_back(fmt::format("its {} expires at {}", token, to_rfc3339(*expires)));
  }
}

}  // namespace

Cloudflare::Cloudflare(const std::string& name, const std::vector<std::string>& zones,
                       const config::Cloudflare& configured, Loop& loop)
    : name_(name),
      clock_(loop.clock()),
      probe_(zones.front()),
      fixed_zone_(fixed_zone(zones, configured.zone_id)),
      http_(loop, {.extra_trust_pem = configured.trust_pem, .allow_plain_http = true}),
      api_(configured.url, configured.token, http_, clock_),
      zone_api_(configured.zone_token
                    ? std::optional<Api>(std::in_place, configured.url, *configured.zone_token, http_, clock_)
                    : std::nullopt),
      zones_(name, zone_api_ ? "zone_token" : "token", names(zones), zone_api_ ? *zone_api_ : api_, clock_) {}

Task<std::optional<Zone>> Cloudflare::zone_of(dns::Name name) {
  if (!fixed_zone_) co_return co_await zones_.zone_of(name);
  if (name.is_within(fixed_zone_->apex)) co_return fixed_zone_;
  co_return std::nullopt;
}

Task<> Cloudflare::apply(Zone zone, std::vector<TxtChange> changes) {
  std::exception_ptr failure;
  try {
    if (!cloudflare::is_id(zone.id)) {
      throw Refused(cause::zone_gone, "Cloudflare has no zone " + zone.apex.text());
    }
    co_return co_await RecordProvider::apply(zone, changes);
  } catch (const Refused&) {
    failure = std::current_exception();
  }
  auto found = co_await look_for(zone);
  if (found.zone) co_return co_await RecordProvider::apply(*found.zone, std::move(changes));
  // Where the zones cannot be listed: a token that is good, and may not do what it once did, has lost the zone.
  const bool only_removals =
      std::ranges::all_of(changes, [](const TxtChange& change) { return change.action == Action::remove; });
  if (found.unlisted && only_removals) found.gone = co_await is_token_good();
  if (found.gone) throw_gone(zone, failure);
  std::rethrow_exception(failure);
}

Task<bool> Cloudflare::is_token_good() {
  try {
    const auto answer = co_await api_.get(std::string(verify_path));
    co_return answer.success&& answer.result["status"].text_or() == "active";
  } catch (const Error&) {
    co_return false;  // what was refused before tells more
  }
}

/// The zone was there once, and the token sees it no more.
void Cloudflare::throw_gone(const Zone& zone, std::exception_ptr refusal) const {
  std::string said;
  try {
    std::rethrow_exception(refusal);
  } catch (const Error& error) {
    said = error.what();
  }
  throw Refused(cause::zone_gone,
                fmt::format("the zone {} (id {}) is gone from Cloudflare, or the token of [provider.{}] may not see it "
                            "any more ({})",
                            zone.apex.text(), zone.id, name_, said));
}

/// The zone that holds `zone` now, under another id. Values to be removed may be older than the configured zone id,
/// than the zone's move to another account, or than the provider's move to Cloudflare.
Task<Cloudflare::Successor> Cloudflare::look_for(Zone zone) {
  Successor found;
  try {
    found.zone = co_await zone_of(zone.apex);
    found.gone = !found.zone && !fixed_zone_;
    found.unlisted = fixed_zone_.has_value();
  } catch (const Refused& error) {
    found.gone = error.cause() == cloudflare::no_zone;  // the list could be read, and does not have it
    found.unlisted = !found.gone && error.cause() != cloudflare::zone_status;
  } catch (const Error&) {
    // What was refused before tells more.
  }
  if (found.zone && found.zone->id == zone.id) found.zone.reset();
  co_return found;
}

/// Those of the whole zone, unless it is less to ask for each name.
Task<std::vector<TxtRecord>> Cloudflare::list(Zone zone, std::set<dns::Name> names, dns::Type type) {
  const auto path = fmt::format("{}?type={}&per_page={}", records_path(zone), type_text(type), records_per_page);
  const auto most_pages = static_cast<std::int64_t>(names.size());
  std::vector<TxtRecord> records;
  if (names.size() > 1) {
    const auto answer = co_await api_.list(path, most_pages);
    if (!answer.success) throw_for_all(answer, Request::list_records, zone);
    append_records(records, answer.result);
    if (answer.pages <= most_pages) co_return records;
    records.clear();
  }
  for (const auto& name : names) {
    const auto answer = co_await api_.list(fmt::format("{}&name={}", path, name.text()), most_pages_of_name);
    if (!answer.success) throw_for_all(answer, Request::list_records, zone);
    append_records(records, answer.result);
  }
  co_return records;
}

Task<RecordAnswer> Cloudflare::add(Zone zone, TxtChange change) {
  const auto answer = co_await api_.post(records_path(zone), record_json(change));
  if (is_there_already(answer)) co_return RecordAnswer{Outcome::exists};
  if (!answer.success) co_return refused(answer, zone, change.name, change.type);
  RecordAnswer made;
  append_record(made.added, answer.result);
  co_return made;
}

Task<RecordAnswer> Cloudflare::remove(Zone zone, TxtRecord record) {
  const auto answer = co_await api_.remove(records_path(zone) + "/" + record.id);
  if (is_not_there(answer)) co_return RecordAnswer{Outcome::missing};
  if (!answer.success) co_return refused(answer, zone, record.name);
  co_return RecordAnswer{};
}

std::size_t Cloudflare::most_at_once() const {
  return has_batch_ ? most_operations : 1;
}

Task<RecordAnswer> Cloudflare::change_together(Zone zone, std::vector<TxtRecord> removals,
                                               std::vector<TxtChange> additions) {
  json::Array deletes;
  for (const auto& record : removals) deletes.push_back(json::Object{{"id", record.id}});
  json::Array posts;
  for (const auto& change : additions) posts.push_back(record_json(change));
  json::Object body;
  if (!deletes.empty()) body["deletes"] = std::move(deletes);
  if (!posts.empty()) body["posts"] = std::move(posts);
  const auto answer = co_await api_.post(records_path(zone) + "/batch", std::move(body));
  if (is_there_already(answer)) co_return RecordAnswer{Outcome::exists};
  if (is_not_there(answer)) co_return RecordAnswer{Outcome::missing};
  if (lacks_batch(answer)) {
    has_batch_ = false;
    co_return RecordAnswer{Outcome::too_many};
  }
  if (!answer.success) co_return refused(answer, zone, zone.apex);
  RecordAnswer made;
  append_records(made.added, answer.result["posts"]);
  co_return made;
}

RecordAnswer Cloudflare::refused(const Answer& refusal, const Zone& zone, const dns::Name& name, dns::Type type) const {
  if (concerns_all(refusal)) throw_for_all(refusal, Request::change_records, zone);
  return RecordAnswer::refused(refusal_of(refusal, name, zone, type));
}

void Cloudflare::throw_for_all(const Answer& refusal, Request request, const Zone& zone) const {
  cloudflare::throw_for_all(refusal, {request, name_, "token", zone.apex.text(), zone.id});
}

Task<std::optional<std::string>> Cloudflare::check_credentials() {
  std::vector<std::string> warnings;
  auto answer = co_await api_.get(std::string(verify_path));
  bool known = answer.success;
  append_warning(warnings, "token", answer, clock_.now());
  credential_end_ = end_of(answer);
  if (zone_api_) {
    answer = co_await zone_api_->get(std::string(verify_path));
    known = known && answer.success;
    if (const auto end = end_of(answer)) credential_end_ = std::min(credential_end_.value_or(*end), *end);
    append_warning(warnings, "zone_token", answer, clock_.now());
  }
  // Tokens that belong to an account are not known there, though they are good: their use tells.
  if (!known) co_await prove_by_use();
  if (warnings.empty()) co_return std::nullopt;
  co_return fmt::format("{}; make a new one in Cloudflare's dashboard under API Tokens", fmt::join(warnings, ", and "));
}

Task<> Cloudflare::prove_by_use() {
  const auto zone = co_await zone_of(probe_);
  if (!zone) co_return;
  const auto answer = co_await api_.get(records_path(*zone) + "?type=TXT&per_page=5");
  if (!answer.success) throw_for_all(answer, Request::list_records, *zone);
}

void Cloudflare::rest() {
  http_.rest();
  zones_.forget();
  has_batch_ = true;
}

}  // namespace acmed::providers
