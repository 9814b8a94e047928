// SPDX-License-Identifier: Apache-2.0
#include "providers/cloudflare/cloudflare.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <exception>

#include "base/error.h"
#include "base/secret_list.h"

namespace acmed::providers {
namespace {

using cloudflare::Api;

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

void append_warning(std::vector<std::string>& warnings, std::string_view token, const cloudflare::Answer& verified,
                    Time now) {
  if (!verified.success) return;
  const auto status = verified.result["status"].text_or("active");
  const auto expires = parse_rfc3339(verified.result["expires_on"].text_or());
  if (status != "active") {
    warnings.push_back(fmt::format("its {} is {}", token, fit_to_show(status, longest_status)));
  } else if (expires && *expires <= now + warn_before) {
    warnings.push_back(fmt::format("its {} expires at {}", token, to_rfc3339(*expires)));
  }
}

}  // namespace

Cloudflare::Cloudflare(const std::string& name, const std::vector<std::string>& zones,
                       const config::Cloudflare& configured, Loop& loop)
    : clock_(loop.clock()),
      probe_(zones.front()),
      fixed_zone_(fixed_zone(zones, configured.zone_id)),
      http_(loop, {.extra_trust_pem = configured.trust_pem, .allow_plain_http = true}),
      api_(configured.url, configured.token, http_, clock_),
      zone_api_(configured.zone_token
                    ? std::optional<Api>(std::in_place, configured.url, *configured.zone_token, http_, clock_)
                    : std::nullopt),
      zones_(name, zone_api_ ? "zone_token" : "token", names(zones), zone_api_ ? *zone_api_ : api_, clock_),
      records_(name, api_) {}

Task<std::optional<Zone>> Cloudflare::zone_of(dns::Name name) {
  if (!fixed_zone_) co_return co_await zones_.zone_of(name);
  if (name.is_within(fixed_zone_->apex)) co_return fixed_zone_;
  co_return std::nullopt;
}

Task<> Cloudflare::apply(Zone zone, std::vector<TxtChange> changes) {
  std::vector<cloudflare::Refusal> refusals;
  std::exception_ptr failure;
  try {
    if (!cloudflare::is_id(zone.id)) {
      throw Refused("cloudflare:no-zone", "Cloudflare has no zone " + zone.apex.text());
    }
    refusals = co_await records_.apply(zone, changes);
  } catch (const Refused&) {
    failure = std::current_exception();
  }
  if (failure) {
    const auto successor = co_await successor_of(zone);
    if (!successor) std::rethrow_exception(failure);
    refusals = co_await records_.apply(*successor, std::move(changes));
  }
  if (!refusals.empty()) throw_for_names(refusals, zone);
}

/// The zone that holds `zone` now, under another id. Values to be removed may be older than the configured zone id,
/// than the zone's move to another account, or than the provider's move to Cloudflare.
Task<std::optional<Zone>> Cloudflare::successor_of(Zone zone) {
  std::optional<Zone> found;
  try {
    found = co_await zone_of(zone.apex);
  } catch (const Error&) {
    // What was refused before tells more.
  }
  if (found && found->id == zone.id) found.reset();
  co_return found;
}

Task<std::optional<std::string>> Cloudflare::check_credentials() {
  std::vector<std::string> warnings;
  auto answer = co_await api_.get(std::string(verify_path));
  bool known = answer.success;
  append_warning(warnings, "token", answer, clock_.now());
  if (zone_api_) {
    answer = co_await zone_api_->get(std::string(verify_path));
    known = known && answer.success;
    append_warning(warnings, "zone_token", answer, clock_.now());
  }
  // Tokens that belong to an account are not known there, though they are good: their use tells.
  if (!known) co_await prove_by_use();
  if (warnings.empty()) co_return std::nullopt;
  co_return fmt::format("{}; make a new one in Cloudflare's dashboard under API Tokens", fmt::join(warnings, ", and "));
}

Task<> Cloudflare::prove_by_use() {
  const auto zone = co_await zone_of(probe_);
  if (zone) co_await records_.check(*zone);
}

void Cloudflare::rest() {
  http_.rest();
  zones_.forget();
  records_.rest();
}

}  // namespace acmed::providers
