// SPDX-License-Identifier: Apache-2.0
#include "daemon/deploy/coordinator.h"

#include <algorithm>
#include <exception>
#include <utility>

#include "base/runtime/scope.h"

namespace acmed::deploy {
namespace {

using namespace std::chrono_literals;

/// Between arrivals. What is published after other values of its zone arrives later at the secondaries: a primary
/// spaces its notifications (notify-delay of BIND: 5 s).
constexpr Duration longest_gap = 20s;
constexpr Duration longest_wait = 60s;  ///< of the first one
/// The names of all are in one variable of the environment, which holds 128 KiB.
constexpr std::size_t most_together = 500;
/// What announces targets that are not known yet announces.
constexpr const char* anything = "*";

std::string spelled(const std::string& kind, const std::vector<std::string>& argv) {
  std::string text = kind;
  for (const auto& argument : argv) (text += '\0') += argument;
  return text;
}

/// What a target may have in common with others.
std::set<std::string> shared_of(const config::Target& target) {
  std::set<std::string> shared;
  if (!target.test.empty()) shared.insert(spelled("test", target.test));
  if (!target.post_hook.empty()) shared.insert(spelled("hook", target.post_hook));
  for (const auto& unit : target.reload) shared.insert(spelled("unit", {unit}));
  for (const auto& unit : target.restart) shared.insert(spelled("unit", {unit}));
  return shared;
}

}  // namespace

/// A member that waits for its transaction or is part of one.
struct DeploymentCoordinator::Waiting {
  Member member;
  std::shared_ptr<Group> group{};  ///< null once the transaction has begun
  bool ended = false;
  Outcome outcome{};
  std::exception_ptr failure{};  ///< of the transaction itself
  std::uint64_t news = 0;        ///< how often it was told that something has changed
  Waiters told{};

  void tell() noexcept {
    ++news;
    told.wake_all();
  }
  /// Completes once there is more news than `seen`.
  static Task<> news_after(std::shared_ptr<Waiting> waiting, std::uint64_t seen) {
    while (waiting->news == seen) co_await waiting->told.turn();
  }
};

/// Members whose transaction has not begun. The first one leads it.
struct DeploymentCoordinator::Group {
  std::vector<std::shared_ptr<Waiting>> members{};
  std::set<std::string> shared{};
  Moment first{};   ///< arrival
  Moment latest{};  ///< arrival
};

/// A transaction in progress.
class DeploymentCoordinator::Running {
 public:
  Running(DeploymentCoordinator& coordinator, std::set<std::string> shared)
      : coordinator_(coordinator), shared_(std::move(shared)) {
    ++coordinator_.in_progress_;
    coordinator_.in_use_.insert(shared_.begin(), shared_.end());
  }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;
  ~Running() {
    --coordinator_.in_progress_;
    for (const auto& each : shared_) coordinator_.in_use_.erase(each);
    coordinator_.tell(shared_);
    coordinator_.ended_.wake_all();
  }

 private:
  DeploymentCoordinator& coordinator_;
  std::set<std::string> shared_;
};

/// Whoever is called off does not take part; a transaction in progress goes on without its caller.
class DeploymentCoordinator::Departure {
 public:
  Departure(DeploymentCoordinator& coordinator, std::shared_ptr<Waiting> waiting)
      : coordinator_(coordinator), waiting_(std::move(waiting)) {}
  Departure(const Departure&) = delete;
  Departure& operator=(const Departure&) = delete;
  ~Departure() { coordinator_.leave(waiting_); }

 private:
  DeploymentCoordinator& coordinator_;
  std::shared_ptr<Waiting> waiting_;
};

DeploymentCoordinator::Announcement::Announcement(DeploymentCoordinator& coordinator, std::set<std::string> shared)
    : coordinator_(&coordinator), shared_(std::move(shared)) {
  for (const auto& each : shared_) ++coordinator.announced_[each];
}

DeploymentCoordinator::Announcement::Announcement(Announcement&& other) noexcept
    : coordinator_(std::exchange(other.coordinator_, nullptr)), shared_(std::move(other.shared_)) {}

DeploymentCoordinator::Announcement& DeploymentCoordinator::Announcement::operator=(Announcement&& other) noexcept {
  if (this == &other) return *this;
  end();
  coordinator_ = std::exchange(other.coordinator_, nullptr);
  shared_ = std::move(other.shared_);
  return *this;
}

void DeploymentCoordinator::Announcement::end() noexcept {
  auto* coordinator = std::exchange(coordinator_, nullptr);
  if (coordinator == nullptr) return;
  for (const auto& each : shared_) {
    const auto count = coordinator->announced_.find(each);
    if (--count->second == 0) coordinator->announced_.erase(count);
  }
  coordinator->tell(shared_);
}

DeploymentCoordinator::Announcement DeploymentCoordinator::announce(const config::Target& target) {
  return {*this, shared_of(target)};
}

DeploymentCoordinator::Announcement DeploymentCoordinator::announce_any() {
  return {*this, {anything}};
}

DeploymentCoordinator::Watch::Watch(DeploymentCoordinator& coordinator, std::set<std::string> shared,
                                    std::function<void()> call)
    : coordinator_(&coordinator), shared_(std::move(shared)), call_(std::move(call)) {
  for (const auto& each : shared_) coordinator.watches_.emplace(each, this);
}

void DeploymentCoordinator::Watch::end() noexcept {
  auto* coordinator = std::exchange(coordinator_, nullptr);
  if (coordinator == nullptr) return;
  std::erase_if(coordinator->watches_, [this](const auto& entry) { return entry.second == this; });
}

std::unique_ptr<DeploymentCoordinator::Watch> DeploymentCoordinator::watch(const config::Target& target,
                                                                           std::function<void()> call) {
  return std::make_unique<Watch>(*this, shared_of(target), std::move(call));
}

/// `shared`: what those share who have taken their pairs.
void DeploymentCoordinator::tell_of_success(const std::set<std::string>& shared) {
  std::set<Watch*> told;
  for (const auto& each : shared) {
    const auto [begin, end] = watches_.equal_range(each);
    for (auto entry = begin; entry != end; ++entry) told.insert(entry->second);
  }
  for (auto* watch : told) {
    watch->end();
    watch->call_();
  }
}

Task<> DeploymentCoordinator::deploy(Member member, Announcement announcement) {
  const auto self = join(std::move(member));
  announcement.end();
  const Departure departure(*this, self);
  while (!self->ended) {
    const auto seen = self->news;
    const auto group = self->group;
    const bool is_leader = group && group->members.front() == self;
    const auto start = is_leader ? start_of(*group) : Moment::max();
    const auto now = loop_.clock().moment();
    if (start <= now) {
      co_await lead(group);
    } else if (start == Moment::max()) {
      co_await Waiting::news_after(self, seen);
    } else {
      co_await within(start - now, Waiting::news_after(self, seen));
    }
  }
  if (self->failure) std::rethrow_exception(self->failure);
  if (self->outcome) throw NotTaken(*self->outcome);
}

std::shared_ptr<DeploymentCoordinator::Waiting> DeploymentCoordinator::join(Member member) {
  auto waiting = std::make_shared<Waiting>();
  const auto shared = shared_of(member.subject->target);
  waiting->member = std::move(member);
  waiting->group = merged_for(shared);
  auto& group = *waiting->group;
  group.latest = loop_.clock().moment();
  if (group.members.empty()) group.first = group.latest;
  group.members.push_back(waiting);
  group.shared.insert(shared.begin(), shared.end());
  for (const auto& each : shared) waiting_[each] = waiting->group;
  group.members.front()->tell();
  return waiting;
}

/// One group of all that share something of `shared`, the newcomer's.
std::shared_ptr<DeploymentCoordinator::Group> DeploymentCoordinator::merged_for(const std::set<std::string>& shared) {
  std::vector<std::shared_ptr<Group>> groups;
  for (const auto& each : shared) {
    const auto found = waiting_.find(each);
    if (found != waiting_.end() && std::ranges::find(groups, found->second) == groups.end()) {
      groups.push_back(found->second);
    }
  }
  if (groups.empty()) return std::make_shared<Group>();
  std::ranges::sort(groups, {}, [](const auto& group) { return group->first; });
  const auto& one = groups.front();
  for (std::size_t i = 1; i < groups.size(); ++i) {
    for (auto& member : groups[i]->members) {
      member->group = one;
      one->members.push_back(member);
    }
    for (const auto& each : groups[i]->shared) waiting_[each] = one;
    one->shared.merge(groups[i]->shared);
  }
  return one;
}

void DeploymentCoordinator::leave(const std::shared_ptr<Waiting>& waiting) noexcept {
  const auto group = std::exchange(waiting->group, nullptr);
  if (!group) return;
  std::erase(group->members, waiting);
  if (group->members.empty()) {
    take_out(*group);
  } else {
    group->members.front()->tell();
  }
}

void DeploymentCoordinator::take_out(const Group& group) noexcept {
  for (const auto& each : group.shared) waiting_.erase(each);
}

/// Wakes those who lead a group that shares something of `shared`.
void DeploymentCoordinator::tell(const std::set<std::string>& shared) noexcept {
  for (const auto& each : shared) {
    if (each == anything) {
      for (const auto& [name, group] : waiting_) group->members.front()->tell();
    } else if (const auto found = waiting_.find(each); found != waiting_.end()) {
      found->second->members.front()->tell();
    }
  }
}

/// When the group's transaction may begin, as far as is known now; Moment::max() when somebody else has to end first.
Moment DeploymentCoordinator::start_of(const Group& group) const {
  if (finishing_) return Moment::max();
  const auto is_in_use = [this](const std::string& each) { return in_use_.contains(each); };
  const auto is_announced = [this](const std::string& each) { return announced_.contains(each); };
  if (std::ranges::any_of(group.shared, is_in_use)) return Moment::max();
  const bool others_come =
      !group.shared.empty() && (is_announced(anything) || std::ranges::any_of(group.shared, is_announced));
  return others_come ? std::min(group.latest + longest_gap, group.first + longest_wait) : Moment::min();
}

/// Those above the limit go in a transaction of their own, after this one.
void DeploymentCoordinator::split_off_excess(Group& group) {
  if (group.members.size() <= most_together) return;
  const auto rest = std::make_shared<Group>();
  rest->members.assign(group.members.begin() + most_together, group.members.end());
  group.members.resize(most_together);
  rest->first = rest->latest = group.latest;
  for (const auto& member : rest->members) {
    member->group = rest;
    for (const auto& each : shared_of(member->member.subject->target)) {
      rest->shared.insert(each);
      waiting_[each] = rest;
    }
  }
}

Task<> DeploymentCoordinator::lead(std::shared_ptr<Group> group) {
  take_out(*group);
  split_off_excess(*group);
  const Running running(*this, group->shared);
  std::vector<Member> members;
  for (const auto& waiting : group->members) {
    waiting->group = nullptr;
    members.push_back(waiting->member);
  }
  std::vector<Outcome> outcomes;
  std::exception_ptr failure;
  try {
    outcomes = co_await acmed::deploy::deploy(actions_, std::move(members));
  } catch (...) {
    failure = std::current_exception();
  }
  std::set<std::string> succeeded;
  for (std::size_t i = 0; i < group->members.size(); ++i) {
    auto& waiting = *group->members[i];
    waiting.failure = failure;
    if (!failure && !outcomes[i]) succeeded.merge(shared_of(waiting.member.subject->target));
    if (!failure) waiting.outcome = std::move(outcomes[i]);
    waiting.ended = true;
    waiting.tell();
  }
  tell_of_success(succeeded);
}

Task<> DeploymentCoordinator::finish() {
  finishing_ = true;
  while (in_progress_ > 0) co_await ended_.turn();
}

}  // namespace acmed::deploy
