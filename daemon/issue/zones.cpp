// SPDX-License-Identifier: Apache-2.0
#include "daemon/issue/zones.h"

#include <algorithm>

#include "base/runtime/scope.h"

namespace acmed::issue {
namespace {

using providers::Action;
using providers::TxtChange;
using providers::Zone;

constexpr Duration shortest_gathering = std::chrono::seconds(1);
constexpr Duration longest_gathering = std::chrono::seconds(5);
// Low, so that a resolver which saw an old value forgets it before the next order.
constexpr std::chrono::seconds ttl{60};

}  // namespace

using ValueAtName = std::pair<dns::Name, std::string>;

/// What one journey wants in one zone.
struct ZoneCoordinator::Wish {
  std::vector<TxtChange> changes;
  std::vector<ValueAtName> leaving;  ///< what it asked to be removed
  bool done = false;
  std::exception_ptr failure;
};

/// The wishes of one kind in one zone. One of those who wait leads: it makes the provider's call for all.
struct ZoneCoordinator::Lane {
  std::vector<std::shared_ptr<Wish>> waiting;
  Moment first_came;
  bool led = false;
  Waiters changed;
};

struct ZoneCoordinator::ZoneWork {
  std::string provider;
  Zone zone;
  Lane adds;
  Lane removals;
  std::map<ValueAtName, std::set<std::string>> users;
  std::multiset<ValueAtName> leaving;  ///< without a user, and not yet removed
  Semaphore one_call{1};               ///< an API that replaces whole RRsets needs one writer per zone

  Lane& lane(Action action) { return action == Action::add ? adds : removals; }

  /// The values at `name` that are there because of us.
  std::set<std::string> values_at(const dns::Name& name) const {
    std::set<std::string> values;
    for (const auto& [value, by] : users) {
      if (value.first == name) values.insert(value.second);
    }
    for (const auto& value : leaving) {
      if (value.first == name) values.insert(value.second);
    }
    return values;
  }
};

ZoneCoordinator::ZoneCoordinator(Loop& loop, Providers providers) : loop_(loop), providers_(std::move(providers)) {}

ZoneCoordinator::~ZoneCoordinator() = default;

providers::Provider* ZoneCoordinator::provider(const std::string& name) const {
  const auto found = providers_.find(name);
  return found == providers_.end() ? nullptr : found->second.get();
}

ZoneCoordinator::Approach::Approach(ZoneCoordinator& coordinator, std::set<std::string> providers)
    : coordinator_(&coordinator), providers_(std::move(providers)), since_(coordinator.loop_.clock().moment()) {
  for (const auto& provider : providers_) coordinator_->approaching_[provider].insert(since_);
}

ZoneCoordinator::Approach::Approach(Approach&& other) noexcept
    : coordinator_(std::exchange(other.coordinator_, nullptr)),
      providers_(std::move(other.providers_)),
      since_(other.since_) {}

ZoneCoordinator::Approach& ZoneCoordinator::Approach::operator=(Approach&& other) noexcept {
  if (this != &other) {
    end();
    coordinator_ = std::exchange(other.coordinator_, nullptr);
    providers_ = std::move(other.providers_);
    since_ = other.since_;
  }
  return *this;
}

void ZoneCoordinator::Approach::end() noexcept {
  auto* coordinator = std::exchange(coordinator_, nullptr);
  if (coordinator == nullptr) return;
  for (const auto& provider : providers_) {
    auto& approaching = coordinator->approaching_[provider];
    approaching.erase(approaching.find(since_));
  }
  coordinator->tell_gatherers();
}

ZoneCoordinator::ZoneWork& ZoneCoordinator::work_for(const ZoneValue& value) {
  auto& work = zones_[{value.provider, value.zone}];
  if (!work) {
    work = std::make_unique<ZoneWork>();
    work->provider = value.provider;
    work->zone = value.zone;
  }
  return *work;
}

std::vector<ZoneCoordinator::Queued> ZoneCoordinator::queue(const Wishes& wishes, Action action) {
  std::vector<Queued> queued;
  for (const auto& [zone, wish] : wishes) {
    Lane& lane = zone->lane(action);
    if (lane.waiting.empty()) lane.first_came = loop_.clock().moment();
    lane.waiting.push_back(wish);
    queued.push_back({zone, wish});
  }
  return queued;
}

void ZoneCoordinator::add_to(Wishes& wishes, ZoneWork& zone, Action action, const ZoneValue& value) {
  auto& wish = wishes[&zone];
  if (!wish) wish = std::make_shared<Wish>();
  wish->changes.push_back({action, value.name, value.value, ttl, value.origin});
  if (action == Action::remove) {
    wish->leaving.emplace_back(value.name, value.value);
    zone.leaving.emplace(value.name, value.value);
  }
}

bool ZoneCoordinator::has_room(const std::vector<ZoneValue>& values) const {
  std::map<std::pair<std::string, dns::Name>, std::set<std::string>> at_names;
  for (const auto& value : values) {
    if (providers_.at(value.provider)->values_at_a_time() == providers::any_number) continue;
    auto& together = at_names[{value.provider, value.name}];
    together.insert(value.value);
    const auto zone = zones_.find({value.provider, value.zone});
    if (zone == zones_.end()) continue;
    together.merge(zone->second->values_at(value.name));
  }
  return std::ranges::all_of(at_names, [this](const auto& at_name) {
    return at_name.second.size() <= providers_.at(at_name.first.first)->values_at_a_time();
  });
}

Task<> ZoneCoordinator::publish(std::string user, std::vector<ZoneValue> values, Approach approach) {
  // Nothing is held meanwhile, so that no two can wait for each other; nor do others wait for this one.
  if (!has_room(values)) approach.end();
  while (!has_room(values)) co_await news_after(news_);
  Wishes wishes;
  for (const auto& value : values) {
    auto& work = work_for(value);
    work.users[{value.name, value.value}].insert(user);
    add_to(wishes, work, Action::add, value);
  }
  auto queued = queue(wishes, Action::add);
  approach.end();
  co_await fulfil(std::move(queued), Action::add);
}

Task<> ZoneCoordinator::assert_again(std::vector<ZoneValue> values) {
  std::map<ZoneWork*, std::vector<TxtChange>> by_zone;
  for (const auto& value : values)
    by_zone[&work_for(value)].push_back({Action::add, value.name, value.value, ttl, value.origin});
  std::vector<Task<>> zones;
  for (auto& [zone, changes] : by_zone) zones.push_back(assert_in(zone, std::move(changes)));
  co_await when_all(std::move(zones));
}

Task<> ZoneCoordinator::assert_in(ZoneWork* zone, std::vector<TxtChange> changes) {
  const auto permit = co_await zone->one_call.acquire();
  co_await providers_.at(zone->provider)->apply(zone->zone, std::move(changes));
}

Task<> ZoneCoordinator::withdraw(std::string user, std::vector<ZoneValue> values) {
  Wishes wishes;
  for (const auto& value : values) {
    auto& work = work_for(value);
    const auto used = work.users.find({value.name, value.value});
    if (used != work.users.end()) {
      used->second.erase(user);
      if (!used->second.empty()) continue;
      work.users.erase(used);
    }
    add_to(wishes, work, Action::remove, value);
  }
  auto queued = queue(wishes, Action::remove);
  tell_gatherers();
  co_await fulfil(std::move(queued), Action::remove);
}

Task<> ZoneCoordinator::fulfil(std::vector<Queued> queued, Action action) {
  std::vector<Task<>> zones;
  zones.reserve(queued.size());
  for (const auto& one : queued) zones.push_back(fulfil_one(one, action));
  co_await when_all(std::move(zones));
  // Each zone is seen through, whatever happens in another.
  for (const auto& one : queued) {
    if (one.wish->failure) std::rethrow_exception(one.wish->failure);
  }
}

Task<> ZoneCoordinator::news_after(std::uint64_t seen) {
  while (news_ == seen) co_await gatherers_.turn();
}

void ZoneCoordinator::tell_gatherers() noexcept {
  ++news_;
  gatherers_.wake_all();
}

Task<> ZoneCoordinator::fulfil_one(Queued queued, Action action) {
  Lane& lane = queued.zone->lane(action);
  // Whoever is called off takes its wish along, also from a leader that has it in hand: what it had in the DNS is on
  // disk and is seen to after the next start.
  struct Leave {
    ZoneCoordinator& coordinator;
    ZoneWork& zone;
    Lane& lane;
    Wish* wish;
    ~Leave() {
      wish->done = true;
      std::erase_if(lane.waiting, [this](const auto& waiting) { return waiting.get() == wish; });
      for (const auto& value : wish->leaving) zone.leaving.erase(zone.leaving.find(value));
      if (!wish->leaving.empty()) coordinator.tell_gatherers();
    }
  };
  const Leave leave{*this, *queued.zone, lane, queued.wish.get()};
  while (!queued.wish->done) {
    if (lane.led) {
      co_await lane.changed.turn();
    } else {
      lane.led = true;  // here, since the task below begins only in its turn
      co_await lead(queued.zone, &lane, action);
    }
  }
}

Task<> ZoneCoordinator::lead(ZoneWork* zone, Lane* lane, Action action) {
  // A leader that is called off hands over: what it had taken waits again, and the next one leads.
  struct Lead {
    Lane& lane;
    std::vector<std::shared_ptr<Wish>> taken;
    explicit Lead(Lane& led) : lane(led) {}
    Lead(const Lead&) = delete;
    Lead& operator=(const Lead&) = delete;
    ~Lead() {
      for (auto& wish : taken) {
        if (!wish->done) lane.waiting.push_back(std::move(wish));
      }
      lane.led = false;
      lane.changed.wake_all();
    }
  };
  Lead lead(*lane);
  co_await gather(zone, lane, action);
  const auto permit = co_await zone->one_call.acquire();
  lead.taken = std::exchange(lane->waiting, {});
  if (action == Action::remove) keep_what_is_used(*zone, lead.taken);
  co_await apply(zone, lead.taken);
}

/// A value may have found a new user since its removal was asked for: a CA can give one authorization to two orders.
void ZoneCoordinator::keep_what_is_used(const ZoneWork& zone, const std::vector<std::shared_ptr<Wish>>& wishes) {
  for (const auto& wish : wishes) {
    std::erase_if(wish->changes, [&](const TxtChange& change) {
      return zone.users.contains({change.name, change.value});
    });
  }
}

std::optional<Moment> ZoneCoordinator::waits_for(const ZoneWork& zone, const Lane& lane, Action action) const {
  if (action == Action::remove) {
    const bool is_room_wanted = providers_.at(zone.provider)->values_at_a_time() != providers::any_number;
    if (zone.users.empty() || is_room_wanted) return std::nullopt;
    return lane.first_came + shortest_gathering;
  }
  const auto found = approaching_.find(zone.provider);
  if (found == approaching_.end() || found->second.empty()) return std::nullopt;
  const auto under_way = lane.first_came - *found->second.begin();
  return lane.first_came + std::clamp(under_way, shortest_gathering, longest_gathering);
}

Task<> ZoneCoordinator::gather(ZoneWork* zone, Lane* lane, Action action) {
  for (;;) {
    const auto seen = news_;
    const auto until = waits_for(*zone, *lane, action);
    const auto now = loop_.clock().moment();
    if (!until || *until <= now) co_return;
    co_await within(*until - now, news_after(seen));
  }
}

std::set<dns::Name> ZoneCoordinator::names_of(const Wish& wish) {
  std::set<dns::Name> names;
  for (const auto& change : wish.changes) names.insert(change.name);
  return names;
}

Task<> ZoneCoordinator::apply(ZoneWork* zone, std::vector<std::shared_ptr<Wish>> wishes) {
  providers::Provider* provider = providers_.at(zone->provider).get();
  std::vector<TxtChange> changes;
  for (const auto& wish : wishes) changes.insert(changes.end(), wish->changes.begin(), wish->changes.end());
  std::exception_ptr failure;
  bool refused = false;
  try {
    if (!changes.empty()) co_await provider->apply(zone->zone, std::move(changes));
  } catch (const providers::SomeFailed& error) {
    for (const auto& wish : wishes) {
      wish->done = true;
      wish->failure = error.among(names_of(*wish));
    }
    co_return;
  } catch (const Error& error) {
    failure = std::current_exception();
    refused = error.advice() == Error::Advice::refused;
  }
  // One journey's forbidden name is its own trouble: the others get their call without it.
  if (refused && wishes.size() > 1) {
    for (const auto& wish : wishes) co_await apply(zone, {wish});
    co_return;
  }
  for (const auto& wish : wishes) {
    wish->done = true;
    wish->failure = failure;
  }
}

}  // namespace acmed::issue
