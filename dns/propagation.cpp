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

/// Ready is an authoritative answer with every value (DESIGN §8); values of others beside ours do not matter.
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

  /// Completes when enough servers are ready for each name. Throws Retry when there is a name that none could be asked
  /// for.
  Task<> wait();

  /// Who is not ready, for people.
  std::string laggards() const;

 private:
  bool is_excluded(const Endpoint& endpoint) const;
  Task<> watch(std::size_t pair);
  Task<> ask_until_ready(std::size_t pair);
  Duration pause_after(Duration waited) const;
  void note(std::size_t pair, Verdict verdict);
  bool is_enough() const;
  void check_that_each_name_was_asked() const;

  PropagationPolicy policy_;
  PropagationReport report_;
  std::map<Name, std::set<std::string>> values_;
  std::vector<ServerReport> pairs_;
  std::set<std::size_t> passed_over_;  ///< pairs whose server this host has no route to
  Scope* scope_ = nullptr;             ///< of the pairs, while wait() runs
};

Watch::Watch(const std::vector<Expected>& expected, PropagationPolicy policy, PropagationReport report)
    : policy_(std::move(policy)), report_(std::move(report)) {
  std::map<Name, std::map<Endpoint, Server>> servers;
  for (const auto& each : expected) {
    const auto& name = each.location.effective;
    values_[name].insert(each.values.begin(), each.values.end());
    for (const auto& server : each.location.servers) servers[name].emplace(server.endpoint, server);
    for (const auto& endpoint : policy_.extra) servers[name].emplace(endpoint, Server{{}, endpoint});
  }
  for (const auto& [name, of_name] : servers) {
    for (const auto& [endpoint, server] : of_name) {
      if (!is_excluded(endpoint)) pairs_.push_back({server, name, false, "not asked yet"});
    }
  }
}

bool Watch::is_excluded(const Endpoint& endpoint) const {
  return std::ranges::any_of(policy_.exclude,
                             [&](const Endpoint& excluded) { return excluded.address() == endpoint.address(); });
}

Task<> Watch::wait() {
  Scope scope(co_await context());
  scope_ = &scope;
  for (std::size_t pair = 0; pair < pairs_.size(); ++pair) scope.spawn(watch(pair));
  co_await scope.join();
  check_that_each_name_was_asked();
}

Task<> Watch::watch(std::size_t pair) {
  try {
    co_await ask_until_ready(pair);
  } catch (const Cancelled&) {
    if (!is_enough()) throw;  // else called off by ourselves, below
  }
  if (policy_.require == Require::quorum && is_enough()) scope_->stop();
}

Task<> Watch::ask_until_ready(std::size_t pair) {
  const auto here = co_await context();
  const auto start = here.loop->clock().moment();
  const auto name = pairs_[pair].name;
  for (;;) {
    const auto reply = co_await ask(pairs_[pair].server.endpoint, {name, Type::txt}, {});
    note(pair, judge(reply, name, values_[name]));
    if (pairs_[pair].ready) co_return;
    if (reply.outcome == Reply::Outcome::no_route) {
      passed_over_.insert(pair);
      co_return;
    }
    co_await sleep_for(pause_after(here.loop->clock().moment() - start));
  }
}

/// Soon after the last server is ready, be it after 30 ms or 10 minutes, without hammering a slow zone.
Duration Watch::pause_after(Duration waited) const {
  return std::min(std::max(waited / pause_fraction, shortest_pause), std::max(policy_.interval_max, shortest_pause));
}

void Watch::note(std::size_t pair, Verdict verdict) {
  auto& report = pairs_[pair];
  if (report.ready == verdict.ready && report.last_answer == verdict.text) return;
  report.ready = verdict.ready;
  report.last_answer = std::move(verdict.text);
  if (report_) report_(pairs_);
}

bool Watch::is_enough() const {
  std::map<Name, std::pair<std::size_t, std::size_t>> ready_of;
  for (std::size_t pair = 0; pair < pairs_.size(); ++pair) {
    if (passed_over_.contains(pair)) continue;
    auto& [ready, all] = ready_of[pairs_[pair].name];
    ++all;
    if (pairs_[pair].ready) ++ready;
  }
  return std::ranges::all_of(ready_of, [&](const auto& each) {
    const auto [ready, all] = each.second;
    return policy_.require == Require::quorum ? 2 * ready > all : ready == all;
  });
}

void Watch::check_that_each_name_was_asked() const {
  for (const auto& [name, values] : values_) {
    bool asked = false;
    for (std::size_t pair = 0; pair < pairs_.size(); ++pair) {
      asked = asked || (pairs_[pair].name == name && !passed_over_.contains(pair));
    }
    if (!asked) {
      throw Retry("dns:no-route", fmt::format("none of the name servers that hold {} could be asked: this host has no "
                                              "route to any of them, or all are excluded",
                                              name.text()));
    }
  }
}

std::string Watch::laggards() const {
  std::vector<std::string> named;
  std::size_t lagging = 0;
  bool all_without_authority = true;
  for (std::size_t pair = 0; pair < pairs_.size(); ++pair) {
    const auto& report = pairs_[pair];
    all_without_authority = all_without_authority && report.last_answer == "not authoritative";
    if (report.ready || passed_over_.contains(pair)) continue;
    if (++lagging > most_laggards_named) continue;
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
    Watch watch(expected, policy, std::move(report));
    const bool ready = co_await within(policy.timeout, watch.wait());
    if (!ready) {
      throw Retry("dns:propagation", fmt::format("after {} the DNS does not show every value: {}",
                                                 acmed::to_text(policy.timeout), watch.laggards()));
    }
  }
  co_await sleep_for(policy.settle);
}

}  // namespace acmed::dns
