// SPDX-License-Identifier: Apache-2.0
#include "providers/lego/bridge.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/log.h"
#include "base/runtime/scope.h"
#include "dns/query.h"
#include "providers/kit/longest_zone.h"

namespace acmed::providers {
namespace {

/// After so many calls that may have failed for a reason which the others share, no further is made: a hundred names
/// would else wait a hundred times for nothing.
constexpr int most_vain_calls = 3;
constexpr Duration longest_look = std::chrono::seconds(10);

/// Whether the server says with authority that `value` is at `name`; nothing when it says nothing of use.
std::optional<bool> has_value(const dns::Reply& reply, const dns::Name& name, const std::string& value) {
  const auto& message = reply.message;
  if (!reply.is_message() || !message.authoritative) return std::nullopt;
  if (message.rcode == dns::Rcode::nxdomain) return false;
  if (message.rcode != dns::Rcode::noerror) return std::nullopt;
  return std::ranges::any_of(message.answer, [&](const dns::Record& record) {
    const auto* text = std::get_if<dns::Text>(&record.data);
    return text != nullptr && record.owner == name && text->value == value;
  });
}

}  // namespace

LegoBridge::LegoBridge(const config::Provider& configured, config::LegoMode mode, dns::Discovery& discovery)
    : name_(configured.name), zones_(configured.zones), mode_(mode), discovery_(discovery) {}

Task<std::optional<Zone>> LegoBridge::zone_of(dns::Name name) {
  co_return longest_zone(zones_, name);
}

std::vector<std::string> LegoBridge::words_for(const TxtChange& change) const {
  if (mode_ == config::LegoMode::finished) return {change.name.with_dot(), change.value};
  if (!change.origin) {
    throw Refused("lego:origin",
                  fmt::format("what the value {} at {} was made from is not known any more, and mode = "
                              "\"raw\" cannot do without: change the record by hand, or set mode = \"default\"",
                              change.value, change.name.text()));
  }
  const auto& whole = change.origin->key_authorization;
  return {change.origin->domain, whole.substr(0, whole.find('.')), whole};
}

Task<> LegoBridge::apply(Zone, std::vector<TxtChange> changes) {
  const auto permit = co_await one_at_a_time_.acquire();
  co_await apply_one_by_one(std::move(changes));
}

Task<> LegoBridge::apply_one_by_one(std::vector<TxtChange> changes) {
  std::map<dns::Name, Error> failures;
  int vain_calls = 0;
  for (const auto& change : changes) {
    std::optional<Error> failure;
    try {
      co_await call(change);
    } catch (const Error& error) {
      failure = error;
    }
    if (!failure) continue;
    const auto whom = concerns(*failure);
    if (whom == Concerns::all) throw *failure;
    if (whom == Concerns::perhaps_all && ++vain_calls == most_vain_calls) throw *failure;
    bool done = false;
    if (whom == Concerns::nobody_else) done = co_await is_done(change);
    if (done) {
      log::info(fmt::format("provider {}: {}; but the DNS shows that it is done", name_, failure->what()),
                {{"ACMED_PROVIDER", name_}});
    } else {
      failures.insert_or_assign(change.name, *failure);
    }
  }
  if (!failures.empty()) throw SomeFailed(std::move(failures));
}

/// Whether all servers of the zone show what the change was to do. What cannot be found out is not so.
Task<bool> LegoBridge::is_done(TxtChange change) {
  try {
    const auto shown = co_await within(longest_look, shows_in_dns(change));
    co_return shown.value_or(false);
  } catch (const Error&) {
    co_return false;
  }
}

Task<bool> LegoBridge::shows_in_dns(TxtChange change) {
  const auto location = co_await discovery_.locate(change.name);
  bool any = false;
  for (const auto& server : location.servers) {
    if (!server.endpoint.has_address()) continue;
    const auto reply = co_await dns::ask(server.endpoint, {location.effective, dns::Type::txt}, {});
    const auto has = has_value(reply, location.effective, change.value);
    if (has != (change.action == Action::add)) co_return false;
    any = true;
  }
  co_return any;
}

}  // namespace acmed::providers
