// SPDX-License-Identifier: Apache-2.0
#include "dns/propagation.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <functional>
#include <map>
#include <set>

#include "base/runtime/scope.h"
#include "base/runtime/sleep.h"
#include "dns/laggards.h"
#include "dns/packet_budget.h"
#include "dns/query.h"
#include "dns/verdict.h"

namespace acmed::dns {
namespace {

constexpr Duration shortest_pause = std::chrono::milliseconds(20);
constexpr int pause_fraction = 20;  // of the time waited so far
// A server that is ready is looked at again: a neighbour may remove our values while others lag.
constexpr Duration shortest_ready_pause = std::chrono::seconds(2);
constexpr int ready_pause_fraction = 4;
// What is gone by then was never everywhere.
constexpr Duration fresh = LastLooks::fresh;
// Looks at a server when all are ready, by sockets of their own, so that what spreads questions over several machines
// spreads these; more where it has been seen to be so.
constexpr std::size_t last_looks = 4;
constexpr std::size_t further_looks_at_many_machines = 12;
constexpr Patience last_look_patience{std::chrono::milliseconds(500), std::chrono::seconds(2), false};
// What a question costs in packets that nobody answers: repeated, and then a connection's first packet, twice.
constexpr int packets_of_question = 1;
constexpr int further_packets_of_silence = 3;

Task<> turn_of(Waiters* waiters) {
  co_await waiters->turn();
}

/// One wait for several names on several servers, a report for each pair of them.
class Watch {
 public:
  Watch(const std::vector<Expected>& expected, PropagationPolicy policy, PropagationReport report, ValuesLost lost,
        Type type);

  /// Completes when enough servers are ready for each name, or no other can become ready. Throws Retry when there is a
  /// name that no server is left for.
  Task<> wait();

  bool is_enough() const { return enough_; }

  /// Who is not ready, for people.
  std::string laggards() const;

 private:
  /// What is known of a pair beside its report.
  struct Looks {
    std::optional<Moment> ready_since;
    Moment last = Moment::min();
    Waiters no_longer_ready;
  };

  Task<> watch(std::size_t pair);
  Task<> keep_looking(std::size_t pair);
  Task<> decide();
  Task<> decide_in_time();
  Task<bool> shows_still();
  Task<bool> server_shows_still(Endpoint server, std::vector<std::size_t> pairs);
  Task<bool> look_once_more(std::vector<std::size_t> pairs);
  Task<bool> still_shows(std::size_t pair);
  std::map<Endpoint, std::vector<std::size_t>> ready_pairs() const;
  std::vector<std::size_t> pairs_of_many_machines() const;
  std::shared_ptr<LastLooks> last_looks_at(const std::vector<std::size_t>& pairs) const;
  Task<Reply> look(std::size_t pair, AskOptions options);
  Task<> pause(std::size_t pair, Moment start);
  Duration pause_after(Duration waited) const;
  void note_route(std::size_t pair, Reply::Outcome outcome);
  void note(std::size_t pair, Verdict verdict, Moment now);
  std::set<int> families_passed_over() const;
  void pass_over();
  bool have_enough() const;
  bool can_change() const;
  void check_that_each_name_has_servers() const;

  PropagationPolicy policy_;
  PropagationReport report_;
  ValuesLost lost_;
  Type type_;
  std::map<Name, std::set<std::string>> values_;
  std::map<Name, PacketBudget> budgets_;
  std::vector<ServerReport> pairs_;
  std::deque<Looks> looks_;              ///< one for each of pairs_
  std::set<std::size_t> without_route_;  ///< pairs whose server this host had no route to when it was last asked
  std::set<int> answering_families_;     ///< address families of which a server has ever answered
  std::map<Name, std::shared_ptr<LastLooks>> changes_;                     ///< by which the values were published
  std::shared_ptr<LastLooks> last_looks_ = std::make_shared<LastLooks>();  ///< at servers that show several changes
  std::size_t left_out_ = 0;                                               ///< servers beyond the number that is asked
  std::shared_ptr<InFlight::Share> share_ = std::make_shared<InFlight::Share>();
  bool enough_ = false;
  bool ended_ = false;
  Waiters changed_;
  Scope* scope_ = nullptr;  ///< of the pairs, while wait() runs
};

Watch::Watch(const std::vector<Expected>& expected, PropagationPolicy policy, PropagationReport report, ValuesLost lost,
             Type type)
    : policy_(std::move(policy)), report_(std::move(report)), lost_(std::move(lost)), type_(type) {
  std::map<Name, std::map<std::pair<Endpoint, Name>, Server>> servers;  // the name only of those without an address
  std::set<Name> hosts_excluded;
  for (const auto& each : expected) {
    const auto& name = each.location.effective;
    values_[name].insert(each.values.begin(), each.values.end());
    changes_[name] = each.change;
    left_out_ = std::max(left_out_, each.location.servers_left_out);
    for (const auto& server : each.location.servers) {
      servers[name].emplace(std::pair(server.endpoint, server.endpoint.has_address() ? Name() : server.host), server);
      if (!policy_.allows(server)) hosts_excluded.insert(server.host);
    }
    for (const auto& endpoint : policy_.extra) servers[name].emplace(std::pair(endpoint, Name()), Server{{}, endpoint});
  }
  for (const auto& [name, of_name] : servers) {
    for (const auto& [key, server] : of_name) {
      // A server whose only known address is excluded is not waited for because of others that cannot be looked up.
      const bool unknown_of_excluded = !server.endpoint.has_address() && hosts_excluded.contains(server.host);
      if (policy_.allows(server) && !unknown_of_excluded) pairs_.push_back({server, name, false, "not asked yet"});
    }
  }
  looks_.resize(pairs_.size());
}

Task<> Watch::wait() {
  check_that_each_name_has_servers();
  Scope scope(co_await context());
  scope_ = &scope;
  for (std::size_t pair = 0; pair < pairs_.size(); ++pair) scope.spawn(watch(pair));
  scope.spawn(decide_in_time());
  co_await scope.join();
}

Task<> Watch::watch(std::size_t pair) {
  try {
    co_await keep_looking(pair);
  } catch (const Cancelled&) {
    if (!ended_) throw;  // otherwise we cancelled the scope ourselves
  }
}

Task<> Watch::decide_in_time() {
  co_await decide();
  ended_ = true;
  scope_->stop();
}

/// Ends when the values are visible, or nothing can change that they are not.
Task<> Watch::decide() {
  for (;;) {
    while (!have_enough()) {
      if (!can_change()) co_return;
      co_await changed_.turn();
    }
    enough_ = co_await shows_still();
    if (enough_) co_return;
  }
}

Task<> Watch::keep_looking(std::size_t pair) {
  const auto here = co_await context();
  const auto& clock = here.loop->clock();
  const auto start = clock.moment();
  const auto& server = pairs_[pair].server;
  if (!server.endpoint.has_address()) {
    const auto why = server.unknown_because;
    note(pair, {false, false, why.empty() ? "its addresses cannot be looked up" : why, {}}, start);
    co_return;
  }
  // A family that this host rejects is skipped at once; TCP may still work there, which counts if others are waited
  // for.
  AskOptions options;
  options.patience.tcp_after_refusal = false;
  for (;; options.patience.tcp_after_refusal = true) {
    try {
      const auto reply = co_await look(pair, options);
      note_route(pair, reply.outcome);
      // Silence does not take back what a server has shown: it may limit how often it answers.
      if (!pairs_[pair].ready || reply.is_message()) {
        note(pair, judge(reply, pairs_[pair].name, values_[pairs_[pair].name]), clock.moment());
      }
    } catch (const Retry& failure) {
      // This host has no socket left: others give theirs back.
      note(pair, {false, false, failure.what(), {}}, clock.moment());
    }
    co_await pause(pair, start);
  }
}

Task<Reply> Watch::look(std::size_t pair, AskOptions options) {
  const auto here = co_await context();
  auto& budget = budgets_[pairs_[pair].name];
  options.accept_cut = true;
  options.share = share_;
  const auto turn = budget.take(here.loop->clock().moment(), packets_of_question);
  if (turn > Duration::zero()) co_await sleep_for(turn);
  auto reply = co_await ask(pairs_[pair].server.endpoint, {pairs_[pair].name, type_}, options);
  if (reply.outcome == Reply::Outcome::silent) budget.take(here.loop->clock().moment(), further_packets_of_silence);
  co_return reply;
}

Task<> Watch::pause(std::size_t pair, Moment start) {
  const auto here = co_await context();
  const auto& clock = here.loop->clock();
  if (pairs_[pair].ready) {
    const auto longest = std::max(policy_.interval_max, shortest_ready_pause);
    const auto rest = std::clamp((clock.moment() - start) / ready_pause_fraction, shortest_ready_pause, longest);
    co_await within(rest, turn_of(&looks_[pair].no_longer_ready));
    if (pairs_[pair].ready) co_return;
  }
  co_await sleep_for(pause_after(clock.moment() - start));
}

/// Soon after the last server is ready, be it after 30 ms or 10 minutes, without hammering a slow zone.
Duration Watch::pause_after(Duration waited) const {
  return std::min(std::max(waited / pause_fraction, shortest_pause), std::max(policy_.interval_max, shortest_pause));
}

/// Looks once more at the servers that are ready, all at the same time: whether each machine at an address shows the
/// values, and whether those that were ready long ago still do.
Task<bool> Watch::shows_still() {
  std::vector<Task<bool>> looks;
  for (const auto& [server, pairs] : ready_pairs()) looks.push_back(server_shows_still(server, pairs));
  const auto shown = co_await when_all(std::move(looks));
  if (!std::ranges::all_of(shown, std::identity())) co_return false;
  co_return co_await look_once_more(pairs_of_many_machines());
}

/// `pairs`: those of the server, all ready.
Task<bool> Watch::server_shows_still(Endpoint server, std::vector<std::size_t> pairs) {
  const auto here = co_await context();
  const auto now = here.loop->clock().moment();
  std::vector<std::size_t> several;
  for (std::size_t i = 0; i < last_looks; ++i) several.push_back(pairs[i % pairs.size()]);
  std::vector<std::size_t> seen_long_ago;
  for (std::size_t i = last_looks; i < pairs.size(); ++i) {
    if (now - looks_[pairs[i]].last >= fresh) seen_long_ago.push_back(pairs[i]);
  }
  const auto shared = last_looks_at(pairs);
  std::vector<Task<bool>> looks;
  looks.push_back(shared->shown(std::move(server), look_once_more(std::move(several))));
  looks.push_back(look_once_more(std::move(seen_long_ago)));
  const auto shown = co_await when_all(std::move(looks));
  co_return std::ranges::all_of(shown, std::identity());
}

Task<bool> Watch::look_once_more(std::vector<std::size_t> pairs) {
  std::vector<Task<bool>> looks;
  for (const auto pair : pairs) looks.push_back(still_shows(pair));
  const auto shown = co_await when_all(std::move(looks));
  co_return std::ranges::all_of(shown, std::identity());
}

/// Those of others too who wait for the same change, if all `pairs` are of one.
std::shared_ptr<LastLooks> Watch::last_looks_at(const std::vector<std::size_t>& pairs) const {
  const auto& first = changes_.at(pairs_[pairs.front()].name);
  const bool is_one =
      std::ranges::all_of(pairs, [&](std::size_t pair) { return changes_.at(pairs_[pair].name) == first; });
  return first != nullptr && is_one ? first : last_looks_;
}

std::map<Endpoint, std::vector<std::size_t>> Watch::ready_pairs() const {
  std::map<Endpoint, std::vector<std::size_t>> by_server;
  for (std::size_t pair = 0; pair < pairs_.size(); ++pair) {
    if (pairs_[pair].ready) by_server[pairs_[pair].server.endpoint].push_back(pair);
  }
  return by_server;
}

std::vector<std::size_t> Watch::pairs_of_many_machines() const {
  std::vector<std::size_t> all;
  for (const auto& [endpoint, pairs] : ready_pairs()) {
    const bool are_many = last_looks_->has_many_machines(endpoint) || last_looks_at(pairs)->has_many_machines(endpoint);
    if (!are_many) continue;
    for (std::size_t i = 0; i < further_looks_at_many_machines; ++i) all.push_back(pairs[i % pairs.size()]);
  }
  return all;
}

/// Silence says nothing here: the server has just answered, and may limit how often it does.
Task<bool> Watch::still_shows(std::size_t pair) {
  const auto here = co_await context();
  AskOptions options;
  options.patience = last_look_patience;
  const auto reply = co_await look(pair, options);
  if (!reply.is_message()) co_return true;
  auto verdict = judge(reply, pairs_[pair].name, values_[pairs_[pair].name]);
  const auto now = here.loop->clock().moment();
  if (verdict.ready) {
    looks_[pair].last = now;
    co_return true;
  }
  if (now - looks_[pair].last < fresh) {
    const auto& server = pairs_[pair].server.endpoint;
    last_looks_->note_many_machines(server);
    if (const auto& change = changes_.at(pairs_[pair].name)) change->note_many_machines(server);
  }
  note(pair, std::move(verdict), now);
  co_return false;
}

void Watch::note_route(std::size_t pair, Reply::Outcome outcome) {
  const auto family = pairs_[pair].server.endpoint.family();
  bool is_changed = false;
  if (outcome == Reply::Outcome::no_route) {
    is_changed = without_route_.insert(pair).second;
  } else {
    const bool heard = outcome != Reply::Outcome::silent && outcome != Reply::Outcome::too_large;
    is_changed = without_route_.erase(pair) > 0;
    is_changed = (heard && answering_families_.insert(family).second) || is_changed;
  }
  if (is_changed) pass_over();
}

void Watch::pass_over() {
  const auto families = families_passed_over();
  for (auto& pair : pairs_) {
    pair.passed_over = pair.server.endpoint.has_address() && families.contains(pair.server.endpoint.family());
  }
}

void Watch::note(std::size_t pair, Verdict verdict, Moment now) {
  auto& report = pairs_[pair];
  auto& looks = looks_[pair];
  const bool was_lost =
      report.ready && verdict.is_told && !verdict.ready && looks.ready_since && now - *looks.ready_since >= fresh;
  if (report.ready && !verdict.ready) looks.no_longer_ready.wake_all();
  if (!verdict.ready) looks.ready_since.reset();
  if (verdict.ready && !looks.ready_since) looks.ready_since = now;
  looks.last = now;
  const bool is_news = report.ready != verdict.ready || report.last_answer != verdict.text;
  report.ready = verdict.ready;
  report.last_answer = std::move(verdict.text);
  report.beside = std::move(verdict.beside);
  changed_.wake_all();
  if (is_news && report_) report_(pairs_);
  if (was_lost && lost_) lost_();
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
  std::map<Name, std::pair<std::size_t, std::size_t>> ready_of;
  for (const auto& pair : pairs_) {
    auto& [ready, all] = ready_of[pair.name];
    if (pair.passed_over) continue;
    ++all;
    if (pair.ready) ++ready;
  }
  return std::ranges::all_of(ready_of, [&](const auto& each) {
    const auto [ready, all] = each.second;
    return ready > 0 && (policy_.require == Require::quorum ? 2 * ready > all : ready == all);
  });
}

/// Whether there is a server that may become ready.
bool Watch::can_change() const {
  return std::ranges::any_of(
      pairs_, [](const ServerReport& pair) { return !pair.ready && pair.server.endpoint.has_address(); });
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
  auto text = dns::laggards(pairs_);
  if (left_out_ > 0) {
    text += fmt::format(" ({} more name servers of the zone were not asked: it has too many)", left_out_);
  }
  return text;
}

}  // namespace

Task<> await_propagation(std::vector<Expected> expected, PropagationPolicy policy, PropagationReport report,
                         ValuesLost lost, Type type) {
  if (policy.require != Require::none) {
    const auto here = co_await context();
    const auto start = here.loop->clock().moment();
    Watch watch(expected, policy, std::move(report), std::move(lost), type);
    const bool ended = co_await within(policy.timeout, watch.wait());
    if (!ended || !watch.is_enough()) {
      const auto waited = here.loop->clock().moment() - start;
      throw Retry(not_propagated, fmt::format("after {} the DNS does not show every value: {}",
                                              acmed::to_text(ended ? waited : policy.timeout), watch.laggards()));
    }
  }
  co_await sleep_for(policy.settle);
}

}  // namespace acmed::dns
