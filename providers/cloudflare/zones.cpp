// SPDX-License-Identifier: Apache-2.0
#include "providers/cloudflare/zones.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/error.h"
#include "base/foreign_text.h"
#include "base/secret_list.h"
#include "config/names.h"
#include "providers/cloudflare/refusal.h"
#include "providers/kit/name_list.h"

namespace acmed::providers::cloudflare {
namespace {

constexpr std::string_view zones_path = "/zones?per_page=50";  // the most that Cloudflare takes
constexpr std::int64_t most_pages = 1000;
constexpr std::size_t longest_id = 64;
constexpr std::size_t longest_status = 40;
constexpr std::size_t longest_servers = 200;

std::string joined(const json::Value& names) {
  std::string all;
  for (const auto& name : names.elements()) all += (all.empty() ? "" : ", ") + name.text_or();
  return fit_to_show(all, longest_servers);
}

}  // namespace

std::optional<dns::Name> read_name(std::string_view text) {
  if (auto name = dns::Name::parse(text)) return name;
  const auto read = config::zone_name(text);
  return read.good() ? dns::Name::parse(read.value) : std::nullopt;
}

bool is_id(std::string_view text) {
  return !text.empty() && text.size() <= longest_id && is_base64url(text);
}

Zones::Zones(std::string provider, std::string token, std::vector<dns::Name> configured, Api& api, const Clock& clock)
    : provider_(std::move(provider)),
      token_(std::move(token)),
      configured_(std::move(configured)),
      api_(api),
      lists_(clock) {}

Task<std::optional<Zone>> Zones::zone_of(dns::Name name) {
  const auto list = co_await lists_.get({}, this->list());
  // One name may be there several times: in another account, or on its way into this one.
  const Listed* served = nullptr;
  const Listed* unserved = nullptr;
  for (const auto& listed : list) {
    if (!name.is_within(listed.zone.apex)) continue;
    const Listed*& best = is_served(listed) ? served : unserved;
    if (best == nullptr || listed.zone.apex.label_count() > best->zone.apex.label_count()) best = &listed;
  }
  if (served != nullptr) co_return served->zone;
  if (std::ranges::any_of(configured_, [&](const dns::Name& zone) { return name.is_within(zone); })) {
    throw_without_zone(name, unserved);
  }
  co_return std::nullopt;
}

Task<Zones::List> Zones::list() {
  auto answer = co_await api_.list(std::string(zones_path), most_pages);
  if (!answer.success) co_return co_await list_by_name(std::move(answer));
  List list;
  append(list, answer.result);
  co_return list;
}

/// A token for single zones may lack the permission com.cloudflare.api.account.zone.list, as it is called; then it can
/// still ask for each zone by its name.
Task<Zones::List> Zones::list_by_name(Answer refusal) {
  if (refusal.words().find("zone.list") == std::string::npos) throw_for_list(refusal);
  List list;
  std::set<dns::Name> asked;
  for (const auto& configured : configured_) {
    // The zone may begin further up than the names for which this provider is configured.
    for (auto name = configured; name.label_count() > 1 && asked.insert(name).second; name = name.parent()) {
      const auto answer = co_await api_.get(fmt::format("{}&name={}", zones_path, name.text()));
      if (!answer.success) continue;
      append(list, answer.result);
      if (!answer.result.elements().empty()) break;
    }
  }
  if (list.empty()) throw_for_list(refusal);
  co_return list;
}

void Zones::append(List& list, const json::Value& zones) {
  for (const auto& zone : zones.elements()) {
    auto apex = read_name(zone["name"].text_or());
    auto id = zone["id"].text_or();
    if (!apex || !is_id(id)) continue;
    list.push_back({{*std::move(apex), std::move(id)},
                    fit_to_show(zone["status"].text_or(), longest_status),
                    fit_to_show(zone["type"].text_or(), longest_status),
                    joined(zone["name_servers"])});
  }
}

void Zones::throw_for_list(const Answer& refusal) const {
  throw_for_all(refusal, {Request::list_zones, provider_, token_, list_names(configured_), {}});
}

/// What is written in zones of these types is not what the world is shown. A type that is not known here is taken for
/// one that is.
bool Zones::is_served(const Listed& listed) {
  return listed.status == "active" && listed.type != "partial" && listed.type != "secondary" &&
         listed.type != "internal";
}

/// Why nothing that is written there would be seen, and what to do.
std::string Zones::trouble_with(const Listed& listed) {
  const auto type = [&](std::string_view words) { return fmt::format("of type \"{}\", {}", listed.type, words); };
  if (listed.type == "partial") {
    return type(
        "a CNAME set-up: other name servers than Cloudflare's serve it, and never show what is written at Cloudflare. "
        "Use a provider for the operator of these servers, or convert the zone to a full set-up");
  }
  if (listed.type == "secondary") {
    return type(
        "which Cloudflare copies from a primary server elsewhere and does not let be changed. Use a provider for that "
        "primary, such as rfc2136");
  }
  if (listed.type == "internal") {
    return type(
        "which only resolvers of the account see and no CA. Use a provider for the operator that serves the name in "
        "the public DNS");
  }
  const auto servers = listed.name_servers.empty() ? std::string() : " (" + listed.name_servers + ")";
  const auto status = [&](std::string_view words) {
    return fmt::format("as \"{}\" and not as \"active\": {}", listed.status, words);
  };
  if (listed.status == "moved") {
    return status(
        fmt::format("the domain was delegated to other name servers than Cloudflare's{}. Use a provider for "
                    "who serves it now, or name Cloudflare's at its registrar again",
                    servers));
  }
  return status(
      fmt::format("its name servers{} do not serve it yet. Name them at the domain's registrar, and wait "
                  "until Cloudflare has seen it",
                  servers));
}

void Zones::throw_without_zone(const dns::Name& name, const Listed* unserved) const {
  if (unserved != nullptr) {
    throw Refused(zone_status, fmt::format("Cloudflare has the zone {} for {}, but {}", unserved->zone.apex.text(),
                                           name.text(), trouble_with(*unserved)));
  }
  throw Refused(no_zone,
                fmt::format("its {} sees no zone of Cloudflare that holds {}: give it the permission Zone / "
                            "Zone / Read for that zone (not needed with zone_id), and look whether the zone is in the "
                            "token's account",
                            token_, name.text()));
}

}  // namespace acmed::providers::cloudflare
