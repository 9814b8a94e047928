// SPDX-License-Identifier: Apache-2.0
#include "providers/route53/publication.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>

#include "base/runtime/sleep.h"
#include "providers/route53/zones.h"

namespace acmed::providers::route53 {
namespace {

using namespace std::chrono_literals;

constexpr Duration first_pause = 1s;
constexpr Duration longest_pause = 5s;
/// Route 53 takes a minute as a rule.
constexpr Duration longest_publication = 10min;

}  // namespace

/// The changes of one zone that may not be everywhere yet.
struct Publication::ZoneChanges {
  struct Change {
    std::string id;
    Moment accepted;
    bool asked_for = false;
  };
  std::deque<Change> pending;
  std::uint64_t accepted = 0;  ///< how many changes there were
  bool led = false;            ///< one of those who wait asks for all
  std::exception_ptr failure;  ///< what the latest question ended in that ended badly
  std::uint64_t failures = 0;  ///< how many there were
  Waiters waiters;

  /// How many changes are in sync, counted from the first.
  std::uint64_t in_sync() const { return accepted - pending.size(); }
};

Publication::Publication(const Loop& loop, Api& api) : clock_(loop.clock()), api_(api) {}

Publication::~Publication() = default;

void Publication::accepted(const Zone& zone, const std::string& id) {
  auto& changes = zones_[zone];
  if (!changes) changes = std::make_unique<ZoneChanges>();
  changes->pending.push_back({id.substr(id.rfind('/') + 1), clock_.moment()});
  ++changes->accepted;
}

Task<> Publication::await(Zone zone) {
  const auto found = zones_.find(zone);
  if (found == zones_.end()) co_return;
  ZoneChanges* changes = found->second.get();
  const auto wanted = changes->accepted;
  while (changes->in_sync() < wanted) {
    if (!changes->led) {
      changes->led = true;  // here, since the task below begins only in its turn
      co_await ask_for_oldest(zone, changes);
      continue;
    }
    const auto failures = changes->failures;
    co_await changes->waiters.turn();
    if (changes->failures != failures) std::rethrow_exception(changes->failure);
  }
}

/// One question after a pause. Whoever leads and is called off hands over: the others are woken, and one of them leads.
Task<> Publication::ask_for_oldest(Zone zone, ZoneChanges* changes) {
  struct Lead {
    ZoneChanges& changes;
    explicit Lead(ZoneChanges& led) : changes(led) {}
    Lead(const Lead&) = delete;
    Lead& operator=(const Lead&) = delete;
    ~Lead() {
      changes.led = false;
      changes.waiters.wake_all();
    }
  };
  const Lead lead(*changes);
  // Only who leads takes changes away, and only at the front: this one stays where it is.
  auto& oldest = changes->pending.front();
  const auto age = clock_.moment() - oldest.accepted;
  co_await sleep_for(oldest.asked_for ? std::clamp<Duration>(age / 2, first_pause, longest_pause) : first_pause - age);
  oldest.asked_for = true;
  try {
    const bool done = co_await is_in_sync(zone, oldest.id);
    if (done) {
      changes->pending.pop_front();
    } else if (clock_.moment() - oldest.accepted >= longest_publication) {
      changes->pending.pop_front();
      throw Retry("aws:PENDING", fmt::format("the change of {} is not on all servers of Route 53 after {}: look at the "
                                             "health of AWS",
                                             text_of(zone), to_text(longest_publication)));
    }
  } catch (const Error&) {
    changes->failure = std::current_exception();
    ++changes->failures;
    throw;
  }
}

Task<bool> Publication::is_in_sync(Zone zone, std::string id) {
  const Purpose purpose{fmt::format("ask whether the change of {} is on all servers", text_of(zone)),
                        api_.allowing("GetChange", "change/*"), "GetChangeResponse"};
  const auto answer = co_await api_.send({"GET", "/change/" + percent_encoded(id)}, purpose, {"NoSuchChange"});
  // Route 53 forgets changes at some time.
  co_return !answer.document || (*answer.document)["ChangeInfo"]["Status"].text == "INSYNC";
}

}  // namespace acmed::providers::route53
