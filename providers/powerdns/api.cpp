// SPDX-License-Identifier: Apache-2.0
#include "providers/powerdns/api.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <compare>

#include "base/runtime/offload.h"
#include "providers/kit/causes.h"
#include "providers/provider.h"

namespace acmed::providers {
namespace {

using namespace std::chrono_literals;

constexpr Duration listing_limit = 5s;  // twenty thousand zones take minutes, single ones milliseconds
constexpr std::size_t largest_zone = std::size_t{16} << 20;           // some hundred thousand records
constexpr std::size_t largest_read_in_loop = std::size_t{256} << 10;  // some milliseconds
constexpr std::size_t most_quoted = 300;                              // octets of what the server says
constexpr std::size_t most_searched = 1000;                           // records at one name
constexpr int internal_error =
    500;  // said, too, of a database that another change holds locked: PowerDNS does not wait

constexpr int gateway_timeout = 504;
constexpr const char* authoritative = "authoritative";  // the daemon_type of pdns_server
constexpr std::size_t longest_daemon = 40;

using Version = std::array<unsigned, 3>;
constexpr Version shows_disabled_since = {5, 0, 0};
constexpr Version extends_since = {5, 0, 2};
constexpr Version old_branch = {4, 9, 0};
constexpr Version extends_in_old_branch_since = {4, 9, 12};

/// Reads "4.9.12", "5.1.0-alpha1"; zeros for what is no number, as in builds from a branch.
Version version_in(std::string_view text) {
  Version version{};
  for (auto& part : version) {
    const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), part);
    if (error != std::errc{}) break;
    text.remove_prefix(static_cast<std::size_t>(rest - text.data()));
    if (!text.starts_with('.')) break;
    text.remove_prefix(1);
  }
  return version;
}

bool extends(const Version& version) {
  if (version >= extends_since) return true;
  return version[0] == old_branch[0] && version[1] == old_branch[1] && version >= extends_in_old_branch_since;
}

/// Whether the key may not ask for that, or what answers in the place of a server does not know it.
bool is_denied(int status) {
  return status == 401 || status == 403 || status == 404;
}

/// PowerDNS writes ids of letters, digits, '.', '-', '_' and "=XX" for all else.
bool is_id(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' ||
           c == '_' || c == '=';
  });
}

/// Zones of names that no challenge can be in are left out.
std::vector<PowerDnsZone> zones_in(const json::Value& list) {
  std::vector<PowerDnsZone> zones;
  for (const auto& entry : list.elements()) {
    const auto apex = dns::Name::parse(entry["name"].text_or());
    const auto id = entry["id"].text_or();
    if (apex && is_id(id)) zones.push_back({{*apex, id}, entry["kind"].text_or()});
  }
  return zones;
}

bool is_at(const json::Value& entry, const dns::Name& name, dns::Type type) {
  return entry["type"].text_or() == type_text(type) && dns::Name::parse(entry["name"].text_or()) == name;
}

std::chrono::seconds ttl_in(const json::Value& entry) {
  return std::chrono::seconds(entry["ttl"].integer_or(0));
}

/// Servers before 4.6.1 know no filter and give the whole zone.
TxtSet set_in(const json::Value& zone, const dns::Name& name, dns::Type type) {
  TxtSet set;
  for (const auto& entry : zone["rrsets"].elements()) {
    if (!is_at(entry, name, type)) continue;
    for (const auto& record : entry["records"].elements()) {
      set.records.push_back({record["content"].text_or(), record["disabled"].bool_or(false)});
    }
    if (!set.records.empty()) set.ttl = ttl_in(entry);
  }
  return set;
}

std::map<dns::Name, TxtSet> disabled_sets_in(const json::Value& zone, dns::Type type) {
  std::map<dns::Name, TxtSet> sets;
  for (const auto& entry : zone["rrsets"].elements()) {
    if (entry["type"].text_or() != type_text(type)) continue;
    TxtSet set;
    for (const auto& record : entry["records"].elements()) {
      if (record["disabled"].bool_or(false)) set.records.push_back({record["content"].text_or(), true});
    }
    const auto name = dns::Name::parse(entry["name"].text_or());
    if (!name || set.records.empty()) continue;
    set.ttl = ttl_in(entry);
    sets.insert_or_assign(*name, std::move(set));
  }
  return sets;
}

}  // namespace

PowerDnsApi::PowerDnsApi(std::string provider, config::PowerDns configured, Loop& loop)
    : provider_(std::move(provider)),
      configured_(std::move(configured)),
      http_(loop, {.extra_trust_pem = configured_.trust_pem, .allow_plain_http = true}),
      api_(settings(), http_, loop.clock()),
      quick_api_(
          [this] {
            auto quick = settings();
            quick.limit = std::min(listing_limit, quick.limit);
            quick.most_body = http::usual_body;
            return quick;
          }(),
          http_, loop.clock()) {}

HttpApi::Settings PowerDnsApi::settings() const {
  return {.who = "PowerDNS at " + configured_.url,
          .url = fmt::format("{}/api/v1/servers/{}", configured_.url, configured_.server_id),
          .credentials = {{"X-API-Key", configured_.api_key}},
          .limit = configured_.timeout,
          .most_body = largest_zone,
          .most_quoted = most_quoted,
          .passing = {internal_error}};
}

template <class Read>
Task<std::invoke_result_t<Read, const json::Value&>> PowerDnsApi::get(std::string path, About about,
                                                                      std::string subject, Read read) {
  auto response = co_await exchange("GET", std::move(path), {});
  if (response.status != 200) throw_for(response, about, subject);
  co_return co_await read_from(std::move(response), std::move(read));
}

/// A zone of a hundred thousand records takes a second to be read.
template <class Read>
Task<std::invoke_result_t<Read, const json::Value&>> PowerDnsApi::read_from(http::Response response, Read read) {
  const auto read_whole = [&] { return read(answer_in(response)); };
  if (response.body.size() <= largest_read_in_loop) co_return read_whole();
  co_return co_await offload(read_whole);
}

Task<PowerDnsAbilities> PowerDnsApi::abilities() {
  const auto response = co_await exchange("GET", "", {});
  // The version is good to know and need not be: what else the key may not do, the next calls tell.
  if (is_denied(response.status)) co_return PowerDnsAbilities{};
  if (response.status != 200) throw_for(response, About::server, {});
  const auto server = answer_in(response);
  const auto daemon = server["daemon_type"].text_or(authoritative);
  if (daemon != authoritative) {
    throw Refused("powerdns:daemon",
                  fmt::format("at {} answers a PowerDNS {}, which keeps no records: name the API of the authoritative "
                              "server (pdns_server) as url",
                              configured_.url, api_.words().line(daemon, longest_daemon)));
  }
  const auto version = version_in(server["version"].text_or());
  co_return PowerDnsAbilities{true, extends(version), version >= shows_disabled_since};
}

Task<std::optional<std::vector<PowerDnsZone>>> PowerDnsApi::zones() {
  try {
    // Without its DNSSEC state each zone costs the server less.
    auto response = co_await quick_api_.send("GET", "/zones?dnssec=false");
    if (response.status == gateway_timeout) co_return std::nullopt;
    if (response.status != 200) throw_for(response, About::server, {});
    co_return co_await read_from(std::move(response), zones_in);
  } catch (const Retry& error) {
    if (error.cause() != http::too_large && error.cause() != cause::no_answer_in_time) throw;
  }
  co_return std::nullopt;
}

Task<std::optional<PowerDnsZone>> PowerDnsApi::zone(dns::Name apex) {
  auto list = co_await get("/zones?dnssec=false&zone=" + apex.with_dot(), About::server, {}, zones_in);
  for (auto& zone : list) {
    if (zone.zone.apex == apex) co_return std::move(zone);
  }
  co_return std::nullopt;
}

Task<TxtSet> PowerDnsApi::set(Zone zone, dns::Name name, dns::Type type) {
  const auto path = fmt::format("/zones/{}?rrset_name={}&rrset_type={}", zone.id, name.with_dot(), type_text(type));
  const auto read = [&name, type](const json::Value& answer) { return set_in(answer, name, type); };
  co_return co_await get(path, About::zone, zone.apex.text(), read);
}

Task<bool> PowerDnsApi::searches(Zone zone) {
  if (searches_) co_return *searches_;
  // Every zone has its SOA record there.
  const auto path = fmt::format("/search-data?q={}&object_type=record&max={}", zone.apex.text(), most_searched);
  const auto response = co_await exchange("GET", path, {});
  const bool refused = response.status >= 400 && response.status < 500 && response.status != 429;
  if (!refused && response.status != 200) throw_for(response, About::zone, zone.apex.text());
  const bool works = !refused && !answer_in(response).elements().empty();
  searches_ = works;
  co_return works;
}

Task<std::optional<std::map<dns::Name, TxtSet>>> PowerDnsApi::disabled_sets(Zone zone, dns::Type type) {
  const auto read = [type](const json::Value& answer) { return disabled_sets_in(answer, type); };
  try {
    co_return co_await get("/zones/" + zone.id, About::zone, zone.apex.text(), read);
  } catch (const Retry& error) {
    if (error.cause() != http::too_large) throw;
  }
  co_return std::nullopt;
}

Task<TxtSet> PowerDnsApi::disabled_set(Zone zone, dns::Name name, dns::Type type) {
  const auto path = fmt::format("/search-data?q={}&object_type=record&max={}", name.text(), most_searched);
  const auto read = [&](const json::Value& found) {
    TxtSet set;
    for (const auto& entry : found.elements()) {
      if (!is_at(entry, name, type) || entry["zone_id"].text_or() != zone.id || !entry["disabled"].bool_or(false))
        continue;
      set.records.push_back({entry["content"].text_or(), true});
      set.ttl = ttl_in(entry);
    }
    return set;
  };
  co_return co_await get(path, About::zone, zone.apex.text(), read);
}

Task<std::optional<std::string>> PowerDnsApi::patch(Zone zone, json::Array rrsets) {
  json::Object body{{"rrsets", std::move(rrsets)}};
  const auto response = co_await exchange("PATCH", "/zones/" + zone.id, std::move(body));
  if (response.status == 204 || response.status == 200) co_return std::nullopt;
  if (response.status == 422 || response.status == 400) co_return api_.words_in(response);
  throw_for(response, About::zone, zone.apex.text());
}

json::Value PowerDnsApi::answer_in(const http::Response& response) const {
  auto answer = json::parse(response.body);
  if (!answer || (answer->as_object() == nullptr && answer->as_array() == nullptr)) {
    throw Retry("powerdns:answer",
                fmt::format("{} answered what is no answer of its API: look at whether url leads to the server's "
                            "webserver-address and webserver-port",
                            api_.who()));
  }
  return *std::move(answer);
}

Task<http::Response> PowerDnsApi::exchange(std::string method, std::string path, std::optional<json::Value> body) {
  try {
    co_return co_await api_.send(std::move(method), std::move(path), std::move(body));
  } catch (const Retry& error) {
    // It closes the connection to whom it does not want to hear, without a word.
    if (error.cause() != cause::closed_in_silence) throw;
    throw Retry(error.cause(), fmt::format("{}. Look at the server's webserver-allow-from", error.what()));
  }
}

void PowerDnsApi::throw_for(const http::Response& response, About about, const std::string& subject) const {
  const auto status_cause = cause::of_status(response.status);
  switch (response.status) {
    case 401:
    case 403:
      throw Refused(status_cause,
                    fmt::format("{} refuses the api_key of [provider.{}]: give it what the server has as api-key",
                                api_.who(), provider_));
    case 404:
      if (about == About::zone) {
        throw Refused(cause::zone_gone, fmt::format("{} has no zone {} any more: create it there, or take it out of "
                                                    "zones",
                                                    api_.who(), subject));
      }
      throw Refused(status_cause,
                    fmt::format("{} has no API for a server \"{}\": set api=yes there, and look at url and "
                                "server_id",
                                api_.who(), configured_.server_id));
    case 422:
      throw Refused(status_cause,
                    fmt::format("{} refuses a look at {}: {}", api_.who(),
                                subject.empty() ? "its zones" : "zone " + subject, api_.words_in(response)));
    case 429:
      api_.throw_failure(response, {}, {});
    case 301:
    case 302:
    case 307:
    case 308:
      api_.throw_failure(response, {}, "; name the right url in [provider." + provider_ + "]");
    default:
      throw Retry(
          status_cause,
          fmt::format("{} answered {}: {}. Its log says why", api_.who(), response.status, api_.words_in(response)),
          api_.welcome_at(response));
  }
}

}  // namespace acmed::providers
