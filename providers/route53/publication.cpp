// SPDX-License-Identifier: Apache-2.0
#include "providers/route53/publication.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>

#include "base/encoding.h"
#include "base/runtime/single_flight.h"
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
  SingleFlight<> question;     ///< whoever waits first asks for all

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
  while (changes->in_sync() < wanted) co_await changes->question.join(ask_for_oldest(zone, changes));
}

/// One question after a pause.
Task<> Publication::ask_for_oldest(Zone zone, ZoneChanges* changes) {
  // Changes are removed here alone, one call at a time, and only at the front: this one stays where it is.
  auto& oldest = changes->pending.front();
  const auto age = clock_.moment() - oldest.accepted;
  co_await sleep_for(oldest.asked_for ? std::clamp<Duration>(age / 2, first_pause, longest_pause) : first_pause - age);
  oldest.asked_for = true;
  const bool done = co_await is_in_sync(zone, oldest.id);
  if (done) {
    changes->pending.pop_front();
  } else if (clock_.moment() - oldest.accepted >= longest_publication) {
    changes->pending.pop_front();
    throw Retry("aws:PENDING", fmt::format("the change of {} is not on all servers of Route 53 after {}: look at the "
                                           "health of AWS",
                                           text_of(zone), to_text(longest_publication)));
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
