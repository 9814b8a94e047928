// SPDX-License-Identifier: Apache-2.0
#include "providers/exec/exec.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/runtime/sleep.h"
#include "providers/kit/longest_zone.h"

namespace acmed::providers {
namespace {

using exec::Plugin;
using std::chrono::seconds;

/// So many changes are less than the 1 MiB that a line may have, whatever stands in them.
constexpr std::size_t most_changes = 500;
constexpr Duration longest_publication = std::chrono::minutes(15);
constexpr std::int64_t usual_retry_after = 2;
constexpr std::int64_t longest_retry_after = 60;
constexpr std::size_t longest_warning = 500;

json::Object request_about(const std::string& method, const Zone& zone) {
  json::Object request{{"method", method}, {"zone", zone.apex.text()}};
  if (!zone.id.empty()) request.emplace("zone_id", zone.id);
  return request;
}

json::Value to_json(const TxtChange& change) {
  const bool add = change.action == Action::add;
  json::Object object{{"action", add ? "add" : "remove"}, {"name", change.name.text()}, {"value", change.value}};
  if (add) object.emplace("ttl", std::int64_t{change.ttl.count()});
  return object;
}

/// Those of the changes' names that an error is about; none when it does not say.
std::set<dns::Name> names_in(const json::Value& answer, const std::vector<TxtChange>& changes) {
  std::set<dns::Name> names;
  for (const auto& text : answer["error"]["names"].texts()) {
    const auto name = dns::Name::parse(text);
    if (name && std::ranges::find(changes, *name, &TxtChange::name) != changes.end()) names.insert(*name);
  }
  return names;
}

}  // namespace

Exec::Exec(const config::Provider& configured, const config::Exec& settings, Loop& loop)
    : loop_(loop),
      plugin_(loop, configured.name, settings.program, configured.zones),
      configured_zones_(configured.zones),
      zones_(loop.clock()) {}

Task<std::optional<Zone>> Exec::zone_of(dns::Name name) {
  return zones_.get(name, find_zone(name));
}

Task<std::optional<Zone>> Exec::find_zone(dns::Name name) {
  const auto task = fmt::format("find the zone of {}", name.text());
  const auto answer = co_await plugin_.ask({{"method", "zone"}, {"name", name.text()}}, task);
  tells_zones_ = !Plugin::is_unsupported(answer);
  if (!tells_zones_) co_return longest_zone(configured_zones_, name);
  if (Plugin::is_error(answer)) throw plugin_.error_in(answer, task);
  if (!answer.as_object()->contains("zone")) throw plugin_.nonsense("named no zone", task);
  if (answer["zone"].is_null()) co_return std::nullopt;
  const auto apex = dns::Name::parse(answer["zone"].text_or());
  if (!apex || !name.is_within(*apex)) {
    throw plugin_.nonsense(fmt::format("named \"{}\", which does not hold it,",
                                       plugin_.words().line(answer["zone"].text_or(), longest_warning)),
                           task);
  }
  co_return Zone{*apex, answer["zone_id"].text_or()};
}

Task<> Exec::apply(Zone zone, std::vector<TxtChange> changes) {
  std::map<dns::Name, Error> failures;
  for (auto rest = changes.begin(); rest != changes.end();) {
    const auto end = rest + std::min<std::ptrdiff_t>(most_changes, changes.end() - rest);
    co_await apply_batch(zone, {rest, end}, &failures);
    rest = end;
  }
  if (!failures.empty()) throw SomeFailed(std::move(failures));
}

Task<> Exec::apply_batch(Zone zone, std::vector<TxtChange> changes, std::map<dns::Name, Error>* failures) {
  const auto task = fmt::format("change zone {}", zone.apex.text());
  auto request = request_about("apply", zone);
  json::Array list;
  for (const auto& change : changes) list.push_back(to_json(change));
  request.emplace("changes", std::move(list));
  const auto answer = co_await plugin_.ask(std::move(request), task);
  if (Plugin::is_error(answer)) {
    const auto error = plugin_.error_in(answer, task);
    const auto names = names_in(answer, changes);
    if (names.empty()) throw error;
    for (const auto& name : names) failures->insert_or_assign(name, error);
  } else if (!answer["ok"].bool_or(false)) {
    throw plugin_.nonsense("answered neither \"ok\" nor an error", task);
  }
}

Task<> Exec::await_published(Zone zone) {
  const auto task = fmt::format("say whether zone {} is published", zone.apex.text());
  const auto deadline = loop_.clock().moment() + longest_publication;
  for (;;) {
    const auto answer = co_await plugin_.ask(request_about("ready", zone), task);
    if (Plugin::is_unsupported(answer)) co_return;
    if (Plugin::is_error(answer)) throw plugin_.error_in(answer, task);
    const auto* ready = answer["ready"].as_bool();
    if (ready == nullptr) throw plugin_.nonsense("answered neither true nor false", task);
    if (*ready) co_return;
    const seconds pause(
        std::clamp<std::int64_t>(answer["retry_after"].integer_or(usual_retry_after), 1, longest_retry_after));
    if (loop_.clock().moment() + pause > deadline) {
      throw Retry("exec:not-ready", fmt::format("{} says after {} that zone {} is not published yet", plugin_.opening(),
                                                to_text(longest_publication), zone.apex.text()));
    }
    co_await sleep_for(pause);
  }
}

Task<std::optional<std::string>> Exec::check_credentials() {
  const std::string task = "check its credentials";
  const auto answer = co_await plugin_.ask({{"method", "check"}}, task);
  if (Plugin::is_unsupported(answer)) co_return std::nullopt;
  if (Plugin::is_error(answer)) throw plugin_.error_in(answer, task);
  const auto warning = plugin_.words().line(answer["warning"].text_or(), longest_warning);
  if (warning.empty()) co_return std::nullopt;
  co_return fmt::format("{} warns: {}", plugin_.opening(), warning);
}

}  // namespace acmed::providers
