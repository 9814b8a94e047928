// SPDX-License-Identifier: Apache-2.0
#include "daemon/issue/tlsa_records.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/runtime/scope.h"
#include "daemon/issue/placement.h"
#include "daemon/issue/tlsa_look.h"
#include "dns/propagation.h"
#include "dns/tlsa.h"

namespace acmed::issue {
namespace {

using std::chrono::seconds;

ZoneValue zone_value(const store::TlsaValue& value) {
  return {value.provider,
          {dns::Name(value.zone), value.zone_id},
          dns::Name(value.name),
          value.value,
          std::nullopt,
          dns::Type::tlsa,
          value.ttl};
}

}  // namespace

std::string tlsa_of(const crypto::PrivateKey& key) {
  return dns::tlsa_of_key(key.public_key_digest());
}

std::string tlsa_of(const crypto::Certificate& certificate) {
  return dns::tlsa_of_key(certificate.public_key_digest());
}

TlsaRecords::TlsaRecords(JourneyContext& context, std::string certificate, std::shared_ptr<const Policies> policies)
    : context_(context), certificate_(std::move(certificate)), policies_(std::move(policies)), log_(certificate_) {}

dns::PropagationPolicy TlsaRecords::policy(const std::string& provider) const {
  if (policies_ == nullptr) return {};
  const auto found = policies_->find(provider);
  return found == policies_->end() ? dns::PropagationPolicy() : found->second;
}

Task<store::TlsaValue> TlsaRecords::place(std::string text) {
  const dns::Name name(text);
  const auto* route = context_.routes.find(name.text());
  const auto own = route == nullptr ? dns::PropagationPolicy() : policy(route->provider);
  const auto location = co_await context_.discovery.locate(name, [own](const dns::Name&) { return own; });
  if (!location.chain.empty()) {
    throw Refused("dns:alias",
                  fmt::format("{} is an alias (CNAME) of {}, where its TLSA records belong: name that in dane",
                              name.text(), location.effective.text()));
  }
  Placement placement(context_.loop.clock(), context_.discovery, context_.zones, context_.routes, log_);
  const auto place = co_await placement.place(name, location, own.require != dns::Require::none);
  if (!context_.zones.provider(place.provider)->publishes(dns::Type::tlsa)) {
    throw Refused("dane:provider",
                  fmt::format("provider {}, which serves {}, cannot write TLSA records", place.provider, name.text()));
  }
  store::TlsaValue value;
  value.provider = place.provider;
  value.zone = place.zone.apex.text();
  value.zone_id = place.zone.id;
  value.name = name.text();
  co_return value;
}

Task<std::vector<store::TlsaValue>> TlsaRecords::publish(std::vector<store::TlsaValue> values, seconds ttl) {
  std::map<std::string, std::map<dns::Name, dns::Expected>> by_provider;
  std::set<std::pair<std::string, providers::Zone>> zones;
  std::vector<Task<seconds>> looks;
  std::vector<ZoneValue> added;
  for (auto& value : values) {
    const dns::Name name(value.name);
    const auto own = policy(value.provider);
    auto location = co_await context_.discovery.locate(name, [own](const dns::Name&) { return own; });
    auto& expected = by_provider[value.provider][name];
    expected.location = location;
    expected.values.push_back(value.value);
    looks.push_back(standing_ttl(name, std::move(location), ttl));
    value.ttl = ttl;
    added.push_back(zone_value(value));
    zones.emplace(value.provider, added.back().zone);
  }
  const auto before = co_await when_all(std::move(looks));
  co_await context_.zones.assert_again(std::move(added));
  for (const auto& [provider, zone] : zones) co_await context_.zones.provider(provider)->await_published(zone);
  std::vector<Task<>> waits;
  for (auto& [provider, by_name] : by_provider) {
    std::vector<dns::Expected> expected;
    for (auto& [name, one] : by_name) expected.push_back(std::move(one));
    waits.push_back(dns::await_propagation(std::move(expected), policy(provider), {}, {}, dns::Type::tlsa));
  }
  co_await when_all(std::move(waits));
  log_.info(fmt::format("every name server shows {} TLSA record(s)", values.size()));
  const auto now = context_.loop.clock().now();
  for (std::size_t i = 0; i < values.size(); ++i) {
    // To the second, as it is kept.
    values[i].usable = before[i] == seconds() ? now : Time(std::chrono::ceil<seconds>(now + before[i]));
    values[i].ttl = std::max(ttl, before[i]);
  }
  co_return values;
}

/// The TTL of what stands at the name, in which resolvers may have it without what is added now; zero where nothing
/// stands. A server that does not say may show records of the usual TTL.
Task<seconds> TlsaRecords::standing_ttl(dns::Name name, dns::Location location, seconds usual) {
  const auto looks = co_await look_at_tlsa(std::move(name), std::move(location));
  seconds longest = looks.empty() ? usual : seconds();
  for (const auto& look : looks) longest = std::max(longest, look.values ? look.ttl : usual);
  co_return longest;
}

Task<std::vector<store::TlsaValue>> TlsaRecords::missing(std::vector<store::TlsaValue> values) {
  std::map<std::string, std::vector<TlsaLook>> by_name;
  for (const auto& value : values) {
    if (by_name.contains(value.name)) continue;
    const dns::Name name(value.name);
    const auto own = policy(value.provider);
    auto location = co_await context_.discovery.locate(name, [own](const dns::Name&) { return own; });
    auto looks = co_await look_at_tlsa(name, std::move(location));
    by_name.emplace(value.name, std::move(looks));
  }
  std::erase_if(values, [&by_name](const store::TlsaValue& value) {
    const auto& looks = by_name.at(value.name);
    return std::ranges::none_of(
        looks, [&value](const TlsaLook& look) { return look.values && !look.values->contains(value.value); });
  });
  co_return values;
}

Task<> TlsaRecords::withdraw(std::vector<store::TlsaValue> values) {
  std::vector<ZoneValue> removed;
  for (const auto& value : values) {
    if (context_.zones.provider(value.provider) == nullptr) {
      log_.warning(
          fmt::format("provider {}, which wrote the TLSA record {} at {}, is not configured any more: remove the "
                      "record where the zone is served now",
                      value.provider, value.value, value.name));
    } else {
      removed.push_back(zone_value(value));
    }
  }
  const auto count = removed.size();
  std::optional<Error> gone;
  try {
    co_await context_.zones.withdraw(certificate_, std::move(removed));
  } catch (const Error& error) {
    if (error.cause() != providers::cause::zone_gone) throw;
    gone = error;
  }
  if (gone) {
    log_.warning(fmt::format("TLSA records are given up: {}", gone->what()));
  } else if (count > 0) {
    log_.info(fmt::format("{} TLSA record(s) are removed", count));
  }
}

}  // namespace acmed::issue
