// SPDX-License-Identifier: Apache-2.0
#include "daemon/issue/placement.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <set>
#include <utility>
#include <vector>

#include "config/challenge_label.h"
#include "daemon/issue/persistence.h"
#include "dns/query.h"

namespace acmed::issue {
namespace {

constexpr std::size_t most_listed = 4;            // servers or resolvers in a sentence
constexpr std::size_t challenge_value_size = 43;  // of a SHA-256 digest in base64url (RFC 8555 §8.4)
constexpr dns::Type mx{15};
constexpr std::string_view label_of_none = "acmed-is-not-here";

std::string listed(std::vector<std::string> texts) {
  const auto all = texts.size();
  if (all > most_listed) texts.resize(most_listed);
  auto text = fmt::format("{}", fmt::join(texts, ", "));
  if (all > most_listed) text += fmt::format(" and {} more", all - most_listed);
  return text;
}

std::string listed(const std::set<dns::Name>& names) {
  std::vector<std::string> texts;
  for (const auto& name : names) texts.push_back(name.text());
  return listed(std::move(texts));
}

bool is_challenge_value(const dns::Record& record) {
  const auto* text = std::get_if<dns::Text>(&record.data);
  if (text == nullptr) return false;
  const bool is_digest =
      text->value.size() == challenge_value_size && text->value.find_first_of(" .=;:") == std::string::npos;
  return is_digest || Persistence::parse(text->value).has_value();
}

/// What an answer says, whatever the name is that it says it of.
std::multiset<std::string> contents_of(const dns::Message& message) {
  std::multiset<std::string> contents;
  for (const auto& record : message.answer) {
    auto content = fmt::format("{} ", static_cast<unsigned>(record.type));
    if (const auto* address = std::get_if<dns::Address>(&record.data)) content += address->octets;
    if (const auto* target = std::get_if<dns::Target>(&record.data)) content += target->name.text();
    if (const auto* text = std::get_if<dns::Text>(&record.data)) content += text->value;
    contents.insert(std::move(content));
  }
  return contents;
}

bool has_wildcard_label(const dns::Name& name) {
  for (auto each = name; !each.is_root(); each = each.parent()) {
    if (each.is_wildcard()) return true;
  }
  return false;
}

}  // namespace

Placement::Placement(const Clock& clock, dns::Discovery& discovery, const ZoneCoordinator& zones,
                     const config::Routes& routes, CertificateLog log)
    : discovery_(discovery), zones_(zones), routes_(routes), log_(std::move(log)), other_records_(clock) {}

Task<dns::Location> Placement::locate(dns::Name challenge_name, dns::PolicyOf policy_of,
                                      std::shared_ptr<dns::InFlight::Share> share) {
  std::optional<dns::Location> location;
  std::exception_ptr not_found;
  try {
    location = co_await discovery_.locate(challenge_name, policy_of, share);
  } catch (const Error&) {
    not_found = std::current_exception();
  }
  const bool is_meant = location && (location->chain.empty() || is_declared(*location, location->chain.back()));
  if (!is_meant) {
    auto own = co_await beside_wildcard(challenge_name, policy_of, share);
    const bool serves = own && route(own->effective) != nullptr;
    if (serves && !(location && is_declared(*location, own->effective))) {
      log_.info(
          fmt::format("{} is an alias by a wildcard CNAME alone: the value goes to the name itself, where it switches "
                      "the wildcard off",
                      own->effective.text()));
      co_return *std::move(own);
    }
  }
  if (not_found) std::rethrow_exception(not_found);
  co_return *std::move(location);
}

/// The way around an alias that exists only through a wildcard CNAME: that was made for hosts, whether or not the name
/// it leads to is one that a provider could write. A value at the alias itself takes precedence (RFC 4592 §2.2.1).
Task<std::optional<dns::Location>> Placement::beside_wildcard(dns::Name challenge_name, dns::PolicyOf policy_of,
                                                              std::shared_ptr<dns::InFlight::Share> share) {
  try {
    co_return co_await discovery_.beside_wildcard(challenge_name, policy_of, share);
  } catch (const Error& error) {
    log_.debug(error.what());
    co_return std::nullopt;
  }
}

/// Whether somebody has declared that challenges are proved where `alias`, part of the chain of `location`, leads: by
/// the configuration, or by the name it leads to. If so, even a wildcard leads there on purpose.
bool Placement::is_declared(const dns::Location& location, const dns::Name& alias) const {
  const auto* own = route(alias);
  const auto* target = route(location.effective);
  if (target == nullptr) return false;
  if (target->holds_only_challenges && target != own) return true;
  if (own != nullptr && own->by_alias && !target->by_alias && own->provider == target->provider) return true;

  std::vector<dns::Name> led_to(std::ranges::find(location.chain, alias), location.chain.end());
  led_to.push_back(location.effective);
  return std::any_of(led_to.begin() + 1, led_to.end(),
                     [](const dns::Name& name) { return config::begins_with_challenge_label(name); });
}

Task<Placement::Place> Placement::place(dns::Name challenge_name, dns::Location location, bool compared) {
  const auto* target = route(location.effective);
  if (target == nullptr) {
    const auto where = location.chain.empty() ? location.effective.text()
                                              : fmt::format("{}, to which {} is an alias (CNAME)",
                                                            location.effective.text(), challenge_name.text());
    throw Refused("dns:no-provider",
                  fmt::format("no provider serves {}: add its zone {} to a provider's zones{}", where,
                              location.zone.text(), location.chain.empty() ? "" : ", or remove the CNAME record"));
  }
  if (!location.chain.empty()) co_await require_meant(challenge_name, location, target);
  auto* provider = zones_.provider(target->provider);
  const auto hint = compared ? location.zone : dns::Name();
  const auto zone = co_await provider->zone_for(location.effective, hint);
  if (!zone) {
    throw Refused("dns:no-zone", fmt::format("provider {} has no zone for {}: the DNS says that it is in the zone {}",
                                             target->provider, location.effective.text(), location.zone.text()));
  }
  const Place place{target->provider, *zone};
  if (compared && provider->tells_true_zones()) co_await require_same_zone(place, location);
  co_return place;
}

/// Whoever may make an alias must not thereby have our credentials write at any name of somebody else's: a value there
/// switches a wildcard off, or stands beside records that others read.
Task<> Placement::require_meant(dns::Name challenge_name, dns::Location location, const config::Route* target) {
  const auto& end = location.effective;
  const auto alias = fmt::format("{} is an alias (CNAME) of {}", challenge_name.text(), end.text());
  if (has_wildcard_label(end)) {
    throw Refused("dns:alias", fmt::format("{}, a wildcard, where a value would answer for any name: let the CNAME "
                                           "record lead to another name, or remove it",
                                           alias));
  }
  const auto* own = route(challenge_name);
  const bool is_within_zone = location.own_zone == location.zone;
  const bool is_by_alias = own != nullptr && own->by_alias && own->provider == target->provider;
  if (is_within_zone || target->holds_only_challenges || is_by_alias || config::begins_with_challenge_label(end)) {
    co_return;
  }
  const auto mend = fmt::format(
      "if it is meant for challenges, add {} to `delegated` of [provider.{}], or let the CNAME "
      "record lead to a name that begins with {}; else remove it",
      challenge_name.text(), target->provider, config::challenge_label);
  if (own == nullptr || own->provider != target->provider) {
    throw Refused("dns:alias",
                  fmt::format("{} in the zone {}, which is another provider's: {}", alias, location.zone.text(), mend));
  }
  // Both are in zones of one provider, whose credentials may write either.
  const auto other = co_await other_records_.get(end, what_else_is_there(location));
  if (!other.empty()) throw Refused("dns:alias", fmt::format("{}, {}: {}", alias, other, mend));
}

/// What stands at the end of an alias besides values of challenges, for a sentence; empty for nothing. What a wildcard
/// makes of the name does not count: who keeps both zones by one provider may have meant it.
Task<std::string> Placement::what_else_is_there(dns::Location location) {
  static constexpr std::array types = {std::pair{dns::Type::txt, "TXT"}, std::pair{dns::Type::a, "A"},
                                       std::pair{dns::Type::aaaa, "AAAA"}, std::pair{mx, "MX"}};
  const auto& name = location.effective;
  if (name == location.zone) co_return std::string("the zone's own name");
  const auto beside = name.parent().prefixed(label_of_none);
  for (const auto& [type, text] : types) {
    const auto message = co_await ask_any(location.servers, {name, type});
    if (message.rcode == dns::Rcode::nxdomain) co_return std::string();
    const bool is_other = std::ranges::any_of(message.answer, [](const dns::Record& record) {
      return record.type != dns::Type::txt || !is_challenge_value(record);
    });
    if (!is_other) continue;
    const auto of_none = co_await ask_any(location.servers, {beside, type});
    if (contents_of(message) != contents_of(of_none)) co_return fmt::format("where other records are ({})", text);
  }
  co_return std::string();
}

/// The first answer (NOERROR or NXDOMAIN) of `servers`.
Task<dns::Message> Placement::ask_any(std::vector<dns::Server> servers, dns::Question question) {
  std::string said;
  for (const auto& server : servers) {
    if (!server.endpoint.has_address()) continue;
    auto reply = co_await dns::ask(server.endpoint, question, dns::AskOptions());
    const auto rcode = reply.message.rcode;
    if (reply.is_message() && (rcode == dns::Rcode::noerror || rcode == dns::Rcode::nxdomain)) {
      co_return std::move(reply.message);
    }
    said = fmt::format("{}: {}", server.text(), dns::to_text(reply));
  }
  throw Retry("dns:timeout", fmt::format("what stands at {} cannot be found out ({})", question.name.text(), said));
}

/// A value in a zone that the DNS does not show would be waited for in vain.
Task<> Placement::require_same_zone(Place place, dns::Location location) {
  const auto& name = location.effective.text();
  const auto& here = place.zone.apex;
  const auto& seen = location.zone;
  if (here != seen && here.is_within(seen)) {
    throw Refused(
        "dns:zones-differ",
        fmt::format("provider {} would write {} into its zone {}, but the DNS says that the name is in the zone "
                    "{}{}: {} is not delegated there. Delegate it (NS records in {}), or remove what is left "
                    "over of it; if this host sees another DNS than the world, name outer `resolvers` in "
                    "[propagation], or let the provider decide with `require = \"none\"`",
                    place.provider, name, here.text(), seen.text(), as_told(), here.text(), seen.text()));
  }
  if (here != seen) {
    throw Refused(
        "dns:zones-differ",
        fmt::format("provider {} would write {} into its zone {}, but the DNS says that the name is in the zone "
                    "{}{}, to which a value in {} does not lead. If zone {} is known in this network only, name "
                    "outer `resolvers` in [propagation]; else let the provider that has zone {} serve it "
                    "(`zones`)",
                    place.provider, name, here.text(), seen.text(), as_told(), here.text(), seen.text(), seen.text()));
  }
  std::set<dns::Name> delegated_to;
  for (const auto& server : location.servers) delegated_to.insert(server.host);
  delegated_to.erase(dns::Name());  // of addresses that the configuration gave, nobody knows the name
  if (!location.undelegated.empty()) {
    for (const auto& host : location.undelegated) delegated_to.erase(host);
    throw Refused(
        "dns:zones-differ",
        fmt::format(
            "there are two zones {}: the resolvers of this host tell of one at {}{}, but the zone above delegates "
            "to {}. If the former is known in this network only, name outer `resolvers` in [propagation]; if the "
            "zone has moved, wait until the resolvers have forgotten the former place, or leave it out by "
            "`exclude`",
            here.text(), listed(location.undelegated), as_told(), listed(delegated_to)));
  }
  const auto own = co_await zones_.provider(place.provider)->name_servers(place.zone);
  const bool is_led_there =
      std::ranges::any_of(own, [&](const dns::Name& host) { return delegated_to.contains(host); });
  if (own.empty() || delegated_to.empty() || is_led_there) co_return;
  throw Refused(
      "dns:zones-differ",
      fmt::format("the zone {} at provider {} is not the one that the DNS shows: its name servers are {} there, "
                  "but {} according to the DNS{}. The zone has moved, or one of the two is a view for inner "
                  "networks: name the server (or view, by its key) that has the zone of the DNS in [provider.{}], "
                  "or name other `resolvers` in [propagation], or do without the comparison by `require = "
                  "\"none\"`",
                  here.text(), place.provider, listed(own), listed(delegated_to), as_told(), place.provider));
}

/// " (asked: 127.0.0.53)"
std::string Placement::as_told() const {
  std::vector<std::string> asked;
  for (const auto& resolver : discovery_.resolvers()) asked.push_back(resolver.text());
  return asked.empty() ? std::string() : fmt::format(" (asked: {})", listed(std::move(asked)));
}

}  // namespace acmed::issue
