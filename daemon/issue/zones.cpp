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

TxtChange change_of(const ZoneValue& value, Action action) {
  return {action, value.name, value.value, value.ttl, value.origin, value.type};
}

}  // namespace

using ValueAtName = std::pair<dns::Name, std::string>;

/// What one journey wants in one zone.
struct ZoneCoordinator::ChangeRequest {
  std::vector<TxtChange> changes;
  std::vector<ValueAtName> leaving;  ///< what it asked to have removed
  bool done = false;
  std::exception_ptr failure;
  std::shared_ptr<dns::LastLooks> change;  ///< the provider's call, where name servers take it as a whole
};

/// The requests of one kind in one zone. One of the waiting callers is the leader: it makes the provider's call for
/// all.
struct ZoneCoordinator::Queue {
  std::vector<std::shared_ptr<ChangeRequest>> waiting;
  Moment first_came;
  bool has_leader = false;
  Waiters changed;
};

struct ZoneCoordinator::ZoneWork {
  std::string provider;
  Zone zone;
  Queue adds;
  Queue removals;
  std::map<ValueAtName, std::set<std::string>> users;
  std::multiset<ValueAtName> leaving;  ///< without a user and not removed yet
  Semaphore one_call{1};               ///< an API that replaces whole RRsets needs one writer per zone

  Queue& queue(Action action) { return action == Action::add ? adds : removals; }

  /// The values at `name` that exist because of us.
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

ZoneCoordinator::ZoneCoordinator(Loop& loop, Providers providers, Observer& observer)
    : loop_(loop), providers_(std::move(providers)), observer_(observer) {}

ZoneCoordinator::~ZoneCoordinator() = default;

providers::Provider* ZoneCoordinator::provider(const std::string& name) const {
  const auto found = providers_.find(name);
  return found == providers_.end() ? nullptr : found->second.get();
}

ZoneCoordinator::Announcement::Announcement(ZoneCoordinator& coordinator, std::set<std::string> providers)
    : coordinator_(&coordinator), providers_(std::move(providers)), since_(coordinator.loop_.clock().moment()) {
  for (const auto& provider : providers_) coordinator_->announced_[provider].insert(since_);
}

ZoneCoordinator::Announcement::Announcement(Announcement&& other) noexcept
    : coordinator_(std::exchange(other.coordinator_, nullptr)),
      providers_(std::move(other.providers_)),
      since_(other.since_) {}

ZoneCoordinator::Announcement& ZoneCoordinator::Announcement::operator=(Announcement&& other) noexcept {
  if (this != &other) {
    end();
    coordinator_ = std::exchange(other.coordinator_, nullptr);
    providers_ = std::move(other.providers_);
    since_ = other.since_;
  }
  return *this;
}

void ZoneCoordinator::Announcement::end() noexcept {
  auto* coordinator = std::exchange(coordinator_, nullptr);
  if (coordinator == nullptr) return;
  for (const auto& provider : providers_) {
    auto& announced = coordinator->announced_[provider];
    announced.erase(announced.find(since_));
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

std::vector<ZoneCoordinator::Queued> ZoneCoordinator::enqueue(const Requests& requests, Action action) {
  std::vector<Queued> queued;
  for (const auto& [zone, request] : requests) {
    Queue& queue = zone->queue(action);
    if (queue.waiting.empty()) queue.first_came = loop_.clock().moment();
    queue.waiting.push_back(request);
    queued.push_back({zone, request});
  }
  return queued;
}

void ZoneCoordinator::add_to(Requests& requests, ZoneWork& zone, Action action, const ZoneValue& value) {
  auto& request = requests[&zone];
  if (!request) request = std::make_shared<ChangeRequest>();
  request->changes.push_back(change_of(value, action));
  if (action == Action::remove) {
    request->leaving.emplace_back(value.name, value.value);
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

Task<ZoneCoordinator::PublishedBy> ZoneCoordinator::publish(std::string user, std::vector<ZoneValue> values,
                                                            Announcement announcement) {
  // Nothing is held meanwhile, so no two can wait for each other, nor do others wait for this one.
  if (!has_room(values)) announcement.end();
  while (!has_room(values)) co_await news_after(news_);
  Requests requests;
  for (const auto& value : values) {
    auto& work = work_for(value);
    work.users[{value.name, value.value}].insert(user);
    add_to(requests, work, Action::add, value);
  }
  auto queued = enqueue(requests, Action::add);
  announcement.end();
  co_await fulfil(std::move(queued), Action::add);
  PublishedBy published;
  for (const auto& [zone, request] : requests) {
    for (const auto& name : names_of(*request)) published.emplace(name, request->change);
  }
  co_return published;
}

void ZoneCoordinator::leave_standing(const std::string& user, const std::vector<ZoneValue>& values) {
  for (const auto& value : values) {
    auto& users = work_for(value).users;
    const auto used = users.find({value.name, value.value});
    if (used == users.end()) continue;
    used->second.erase(user);
    if (used->second.empty()) users.erase(used);
  }
  tell_gatherers();
}

Task<> ZoneCoordinator::assert_again(std::vector<ZoneValue> values) {
  std::map<ZoneWork*, std::vector<TxtChange>> by_zone;
  for (const auto& value : values) by_zone[&work_for(value)].push_back(change_of(value, Action::add));
  std::vector<Task<>> zones;
  for (auto& [zone, changes] : by_zone) zones.push_back(assert_in(zone, std::move(changes)));
  co_await when_all(std::move(zones));
}

Task<> ZoneCoordinator::assert_in(ZoneWork* zone, std::vector<TxtChange> changes) {
  const auto permit = co_await zone->one_call.acquire();
  co_await call(zone, std::move(changes));
}

Task<> ZoneCoordinator::call(ZoneWork* zone, std::vector<TxtChange> changes) {
  std::exception_ptr failure;
  try {
    co_await providers_.at(zone->provider)->apply(zone->zone, std::move(changes));
  } catch (const Error&) {
    failure = std::current_exception();
  }
  observer_.asked_provider(zone->provider, failure == nullptr);
  if (failure) std::rethrow_exception(failure);
}

Task<> ZoneCoordinator::withdraw(std::string user, std::vector<ZoneValue> values) {
  Requests requests;
  for (const auto& value : values) {
    auto& work = work_for(value);
    const auto used = work.users.find({value.name, value.value});
    if (used != work.users.end()) {
      used->second.erase(user);
      if (!used->second.empty()) continue;
      work.users.erase(used);
    }
    add_to(requests, work, Action::remove, value);
  }
  auto queued = enqueue(requests, Action::remove);
  tell_gatherers();
  co_await fulfil(std::move(queued), Action::remove);
}

Task<> ZoneCoordinator::fulfil(std::vector<Queued> queued, Action action) {
  std::vector<Task<>> zones;
  zones.reserve(queued.size());
  for (const auto& one : queued) zones.push_back(fulfil_one(one, action));
  co_await when_all(std::move(zones));
  // Each zone is carried through, whatever happens in another one.
  if (const auto failure = failure_of(queued)) std::rethrow_exception(failure);
}

/// What failed in any of the zones; null when nothing did.
std::exception_ptr ZoneCoordinator::failure_of(const std::vector<Queued>& queued) {
  if (queued.size() == 1) return queued.front().request->failure;
  std::map<dns::Name, Error> failures;
  for (const auto& one : queued) {
    if (!one.request->failure) continue;
    try {
      std::rethrow_exception(one.request->failure);
    } catch (const providers::SomeFailed& error) {
      failures.insert(error.failures().begin(), error.failures().end());
    } catch (const Error& error) {
      for (const auto& name : names_of(*one.request)) failures.emplace(name, error);
    }
  }
  if (failures.empty()) return nullptr;
  return std::make_exception_ptr(providers::SomeFailed(std::move(failures)));
}

Task<> ZoneCoordinator::news_after(std::uint64_t seen) {
  while (news_ == seen) co_await gatherers_.turn();
}

void ZoneCoordinator::tell_gatherers() noexcept {
  ++news_;
  gatherers_.wake_all();
}

Task<> ZoneCoordinator::fulfil_one(Queued queued, Action action) {
  Queue& queue = queued.zone->queue(action);
  // A cancelled caller takes its request along, even from a leader that is processing it: what it had in the DNS is
  // recorded on disk and is dealt with after the next start.
  struct Leave {
    ZoneCoordinator& coordinator;
    ZoneWork& zone;
    Queue& queue;
    ChangeRequest* request;
    ~Leave() {
      request->done = true;
      std::erase_if(queue.waiting, [this](const auto& waiting) { return waiting.get() == request; });
      for (const auto& value : request->leaving) zone.leaving.erase(zone.leaving.find(value));
      if (!request->leaving.empty()) coordinator.tell_gatherers();
    }
  };
  const Leave leave{*this, *queued.zone, queue, queued.request.get()};
  while (!queued.request->done) {
    if (queue.has_leader) {
      co_await queue.changed.turn();
    } else {
      queue.has_leader = true;  // set here, since the task below starts only in its turn
      co_await send_batch(queued.zone, &queue, action);
    }
  }
}

Task<> ZoneCoordinator::send_batch(ZoneWork* zone, Queue* queue, Action action) {
  // A cancelled leader hands over: the requests it had taken wait again, and the next one leads.
  struct Batch {
    Queue& queue;
    std::vector<std::shared_ptr<ChangeRequest>> taken;
    explicit Batch(Queue& of) : queue(of) {}
    Batch(const Batch&) = delete;
    Batch& operator=(const Batch&) = delete;
    ~Batch() {
      for (auto& request : taken) {
        if (!request->done) queue.waiting.push_back(std::move(request));
      }
      queue.has_leader = false;
      queue.changed.wake_all();
    }
  };
  Batch batch(*queue);
  co_await gather(zone, queue, action);
  const auto permit = co_await zone->one_call.acquire();
  batch.taken = std::exchange(queue->waiting, {});
  if (action == Action::remove) keep_what_is_used(*zone, batch.taken);
  co_await apply(zone, batch.taken);
}

/// A value may have found a new user since its removal was requested: a CA can give one authorization to two orders.
void ZoneCoordinator::keep_what_is_used(const ZoneWork& zone,
                                        const std::vector<std::shared_ptr<ChangeRequest>>& requests) {
  for (const auto& request : requests) {
    std::erase_if(request->changes, [&](const TxtChange& change) {
      return zone.users.contains({change.name, change.value});
    });
  }
}

std::optional<Moment> ZoneCoordinator::waits_for(const ZoneWork& zone, const Queue& queue, Action action) const {
  if (action == Action::remove) {
    const bool is_room_wanted = providers_.at(zone.provider)->values_at_a_time() != providers::any_number;
    if (zone.users.empty() || is_room_wanted) return std::nullopt;
    return queue.first_came + shortest_gathering;
  }
  const auto found = announced_.find(zone.provider);
  if (found == announced_.end() || found->second.empty()) return std::nullopt;
  const auto under_way = queue.first_came - *found->second.begin();
  return queue.first_came + std::clamp(under_way, shortest_gathering, longest_gathering);
}

Task<> ZoneCoordinator::gather(ZoneWork* zone, Queue* queue, Action action) {
  for (;;) {
    const auto seen = news_;
    const auto until = waits_for(*zone, *queue, action);
    const auto now = loop_.clock().moment();
    if (!until || *until <= now) co_return;
    co_await within(*until - now, news_after(seen));
  }
}

std::set<dns::Name> ZoneCoordinator::names_of(const ChangeRequest& request) {
  std::set<dns::Name> names;
  for (const auto& change : request.changes) names.insert(change.name);
  return names;
}

/// Those of `requests` that failed at a name which another of them wants as well: alone they may go through, since an
/// operator holds so many values at a name and no more.
std::vector<std::shared_ptr<ZoneCoordinator::ChangeRequest>> ZoneCoordinator::worth_a_call_each(
    const std::vector<std::shared_ptr<ChangeRequest>>& requests, const providers::SomeFailed& failed) {
  std::map<dns::Name, int> wanted_by;
  for (const auto& request : requests) {
    for (const auto& name : names_of(*request)) ++wanted_by[name];
  }
  std::set<dns::Name> shared;
  for (const auto& [name, failure] : failed.failures()) {
    if (failure.advice() != Error::Advice::throttled && wanted_by[name] > 1) shared.insert(name);
  }
  std::vector<std::shared_ptr<ChangeRequest>> worth;
  for (const auto& request : requests) {
    const auto names = names_of(*request);
    const bool is_concerned = std::ranges::any_of(names, [&](const auto& name) { return shared.contains(name); });
    if (is_concerned) worth.push_back(request);
  }
  return worth;
}

Task<> ZoneCoordinator::apply(ZoneWork* zone, std::vector<std::shared_ptr<ChangeRequest>> requests) {
  std::vector<TxtChange> changes;
  for (const auto& request : requests) changes.insert(changes.end(), request->changes.begin(), request->changes.end());
  std::vector<std::shared_ptr<ChangeRequest>> once_more;  // each in a call of its own
  try {
    const bool is_whole = changes.size() <= providers_.at(zone->provider)->changes_as_a_whole();
    const auto change = is_whole ? std::make_shared<dns::LastLooks>() : nullptr;
    if (!changes.empty()) co_await call(zone, std::move(changes));
    for (const auto& request : requests) {
      request->failure = nullptr;
      request->change = change;
    }
  } catch (const providers::SomeFailed& error) {
    for (const auto& request : requests) request->failure = error.among(names_of(*request));
    once_more = worth_a_call_each(requests, error);
  } catch (const Error& error) {
    for (const auto& request : requests) request->failure = std::current_exception();
    // One journey's forbidden name is its own trouble: the others are processed without it.
    if (error.advice() == Error::Advice::refused) once_more = requests;
  }
  if (requests.size() == 1) once_more.clear();
  for (const auto& request : requests) {
    const bool is_done = std::ranges::find(once_more, request) == once_more.end();
    if (is_done) request->done = true;
  }
  for (const auto& request : once_more) co_await apply(zone, {request});
}

}  // namespace acmed::issue
