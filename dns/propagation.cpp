// SPDX-License-Identifier: Apache-2.0
#include "dns/propagation.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/runtime/scope.h"
#include "base/runtime/sleep.h"
#include "dns/query.h"

namespace acmed::dns {
namespace {

constexpr Duration shortest_pause = std::chrono::milliseconds(20);
constexpr int pause_fraction = 16;  // of the time waited so far
constexpr std::size_t most_laggards_named = 8;

/// What one answer means.
struct Verdict {
  bool ready = false;
  std::string text;
};

/// Ready is an authoritative answer with every value; values of others beside ours do not matter.
Verdict judge(const Reply& reply, const Name& name, const std::set<std::string>& values) {
  const auto& message = reply.message;
  const bool answers = reply.is_message() && (message.rcode == Rcode::noerror || message.rcode == Rcode::nxdomain);
  if (answers && !message.authoritative) return {false, "not authoritative"};
  if (!answers || message.rcode == Rcode::nxdomain) return {false, to_text(reply)};
  std::set<std::string> found;
  for (const auto& record : message.answer) {
    const auto* text = std::get_if<Text>(&record.data);
    if (text != nullptr && record.owner == name && values.contains(text->value)) found.insert(text->value);
  }
  if (found.size() == values.size()) return {true, "all values"};
  return {false, fmt::format("{} of {} values", found.size(), values.size())};
}

/// One wait for several names on several servers, a report for each pair of them.
class Watch {
 public:
  Watch(const std::vector<Expected>& expected, PropagationPolicy policy, PropagationReport report);

  /// Completes when enough servers are ready for each name, or no other can become ready. Throws Retry when there is a
  /// name that no server is left for.
  Task<> wait();

  bool is_enough() const { return enough_; }

  /// Who is not ready, for people.
  std::string laggards() const;

 private:
  bool is_excluded(const Server& server) const;
  Task<> watch(std::size_t pair);
  Task<> ask_until_ready(std::size_t pair);
  Duration pause_after(Duration waited) const;
  void note_route(std::size_t pair, Reply::Outcome outcome);
  void note(std::size_t pair, Verdict verdict);
  std::set<int> families_passed_over() const;
  bool have_enough() const;
  void check_that_each_name_has_servers() const;

  PropagationPolicy policy_;
  PropagationReport report_;
  std::map<Name, std::set<std::string>> values_;
  std::vector<ServerReport> pairs_;
  std::set<std::size_t> without_route_;  ///< pairs whose server this host had no route to when it was last asked
  std::set<int> answering_families_;     ///< address families of which a server has ever answered
  bool enough_ = false;
  Scope* scope_ = nullptr;  ///< of the pairs, while wait() runs
};

Watch::Watch(const std::vector<Expected>& expected, PropagationPolicy policy, PropagationReport report)
    : policy_(std::move(policy)), report_(std::move(report)) {
  std::map<Name, std::map<std::pair<Endpoint, Name>, Server>> servers;  // the name only of those without an address
  std::set<Name> hosts_excluded;
  for (const auto& each : expected) {
    const auto& name = each.location.effective;
    values_[name].insert(each.values.begin(), each.values.end());
    for (const auto& server : each.location.servers) {
      servers[name].emplace(std::pair(server.endpoint, server.endpoint.has_address() ? Name() : server.host), server);
      if (is_excluded(server)) hosts_excluded.insert(server.host);
    }
    for (const auto& endpoint : policy_.extra) servers[name].emplace(std::pair(endpoint, Name()), Server{{}, endpoint});
  }
  for (const auto& [name, of_name] : servers) {
    for (const auto& [key, server] : of_name) {
      // A server whose only known address is excluded is not waited for because of others that cannot be looked up.
      const bool unknown_of_excluded = !server.endpoint.has_address() && hosts_excluded.contains(server.host);
      if (!is_excluded(server) && !unknown_of_excluded) pairs_.push_back({server, name, false, "not asked yet"});
    }
  }
}

bool Watch::is_excluded(const Server& server) const {
  return std::ranges::any_of(policy_.exclude,
                             [&](const Endpoint& excluded) { return excluded.address() == server.endpoint.address(); });
}

Task<> Watch::wait() {
  check_that_each_name_has_servers();
  Scope scope(co_await context());
  scope_ = &scope;
  for (std::size_t pair = 0; pair < pairs_.size(); ++pair) scope.spawn(watch(pair));
  co_await scope.join();
}

Task<> Watch::watch(std::size_t pair) {
  try {
    co_await ask_until_ready(pair);
  } catch (const Cancelled&) {
    if (!enough_) throw;  // otherwise we cancelled the scope ourselves, below
  }
}

Task<> Watch::ask_until_ready(std::size_t pair) {
  const auto here = co_await context();
  const auto start = here.loop->clock().moment();
  const auto name = pairs_[pair].name;
  const auto server = pairs_[pair].server.endpoint;
  if (!server.has_address()) {
    note(pair, {false, "its addresses cannot be looked up"});
    co_return;
  }
  // A family that this host rejects is skipped at once; TCP may still work there, which counts if others are waited
  // for.
  AskOptions options;
  options.patience.tcp_after_refusal = false;
  for (;; options.patience.tcp_after_refusal = true) {
    try {
      const auto reply = co_await ask(server, {name, Type::txt}, options);
      note_route(pair, reply.outcome);
      note(pair, judge(reply, name, values_[name]));
    } catch (const Retry& failure) {
      note(pair, {false, failure.what()});  // this host has no socket left: others give theirs back
    }
    if (!enough_ && have_enough()) {
      enough_ = true;
      scope_->stop();
    }
    if (pairs_[pair].ready) co_return;
    co_await sleep_for(pause_after(here.loop->clock().moment() - start));
  }
}

/// Soon after the last server is ready, be it after 30 ms or 10 minutes, without hammering a slow zone.
Duration Watch::pause_after(Duration waited) const {
  return std::min(std::max(waited / pause_fraction, shortest_pause), std::max(policy_.interval_max, shortest_pause));
}

void Watch::note_route(std::size_t pair, Reply::Outcome outcome) {
  if (outcome == Reply::Outcome::no_route) {
    without_route_.insert(pair);
    return;
  }
  without_route_.erase(pair);
  const bool heard = outcome != Reply::Outcome::silent && outcome != Reply::Outcome::too_large;
  if (heard) answering_families_.insert(pairs_[pair].server.endpoint.family());
}

void Watch::note(std::size_t pair, Verdict verdict) {
  auto& report = pairs_[pair];
  if (report.ready == verdict.ready && report.last_answer == verdict.text) return;
  report.ready = verdict.ready;
  report.last_answer = std::move(verdict.text);
  if (report_) report_(pairs_);
}

std::set<int> Watch::families_passed_over() const {
  std::set<int> families;
  std::set<int> with_route = answering_families_;
  for (std::size_t pair = 0; pair < pairs_.size(); ++pair) {
    const auto& server = pairs_[pair].server.endpoint;
    if (!server.has_address()) continue;
    families.insert(server.family());
    if (!without_route_.contains(pair)) with_route.insert(server.family());
  }
  for (const auto family : with_route) families.erase(family);
  return families;
}

bool Watch::have_enough() const {
  for (std::size_t pair = 0; policy_.require == Require::all && pair < pairs_.size(); ++pair) {
    if (!pairs_[pair].ready && !without_route_.contains(pair)) return false;  // almost always true, and cheap
  }
  const auto passed_over = families_passed_over();
  std::map<Name, std::pair<std::size_t, std::size_t>> ready_of;
  for (const auto& pair : pairs_) {
    auto& [ready, all] = ready_of[pair.name];
    if (pair.server.endpoint.has_address() && passed_over.contains(pair.server.endpoint.family())) continue;
    ++all;
    if (pair.ready) ++ready;
  }
  return std::ranges::all_of(ready_of, [&](const auto& each) {
    const auto [ready, all] = each.second;
    return ready > 0 && (policy_.require == Require::quorum ? 2 * ready > all : ready == all);
  });
}

void Watch::check_that_each_name_has_servers() const {
  for (const auto& [name, values] : values_) {
    const bool any = std::ranges::any_of(pairs_, [&](const ServerReport& pair) { return pair.name == name; });
    if (any) continue;
    throw Retry(
        "dns:no-route",
        fmt::format("none of the name servers that hold {} is left to be asked: all are excluded", name.text()));
  }
}

std::string Watch::laggards() const {
  std::vector<std::string> named;
  std::size_t lagging = 0;
  bool all_without_authority = true;
  const auto passed_over = families_passed_over();
  const bool all_passed_over = without_route_.size() == pairs_.size();
  for (std::size_t pair = 0; pair < pairs_.size(); ++pair) {
    const auto& report = pairs_[pair];
    all_without_authority = all_without_authority && report.last_answer == "not authoritative";
    const auto& endpoint = report.server.endpoint;
    const bool is_passed_over = endpoint.has_address() && passed_over.contains(endpoint.family());
    if (report.ready || (is_passed_over && !all_passed_over)) continue;
    if (++lagging > most_laggards_named) continue;
    if (!endpoint.has_address()) {
      named.push_back(fmt::format("{}: {}", report.server.text(), report.last_answer));
      continue;
    }
    named.push_back(
        report.last_answer.ends_with("values")
            ? fmt::format("{} had {} of {}", report.server.text(), report.last_answer, report.name.text())
            : fmt::format("{} said for {}: {}", report.server.text(), report.name.text(), report.last_answer));
  }
  auto text = fmt::format("{}", fmt::join(named, "; "));
  if (lagging > named.size()) text += fmt::format("; and {} more", lagging - named.size());
  if (all_without_authority) text += " (does something between this host and the DNS answer in their place?)";
  return text;
}

}  // namespace

Task<> await_propagation(std::vector<Expected> expected, PropagationPolicy policy, PropagationReport report) {
  if (policy.require != Require::none) {
    const auto here = co_await context();
    const auto start = here.loop->clock().moment();
    Watch watch(expected, policy, std::move(report));
    const bool ended = co_await within(policy.timeout, watch.wait());
    if (!ended || !watch.is_enough()) {
      const auto waited = here.loop->clock().moment() - start;
      throw Retry("dns:propagation", fmt::format("after {} the DNS does not show every value: {}",
                                                 acmed::to_text(ended ? waited : policy.timeout), watch.laggards()));
    }
  }
  co_await sleep_for(policy.settle);
}

}  // namespace acmed::dns
