// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <exception>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/runtime/event.h"
#include "base/runtime/task.h"
#include "daemon/issue/observer.h"
#include "dns/last_looks.h"
#include "providers/provider.h"

namespace acmed::issue {

using Providers = std::map<std::string, std::unique_ptr<providers::Provider>>;

/// The TTL of values that stand for a while only. Low, so that a resolver which saw an old value forgets it before the
/// next order.
inline constexpr std::chrono::seconds usual_ttl{60};

/// A value, of a TXT record unless it says otherwise, and its place.
struct ZoneValue {
  std::string provider;  ///< its name in the configuration
  providers::Zone zone;
  dns::Name name;
  std::string value;
  std::optional<providers::Origin> origin = std::nullopt;
  dns::Type type = dns::Type::txt;
  std::chrono::seconds ttl = usual_ttl;
};

/// Combines what several journeys want in one zone at about the same time into one call of the provider (one RFC 2136
/// message, say), and tracks who uses a value: the last user removes it.
///
/// A call waits a moment for others that are known to come: before adding, for journeys that are still ordering; before
/// removing, for those that still use the zone. It waits for a second, or, if that is longer, for as long as they have
/// been under way already, but at most five seconds: a slow CA does not delay the others for long.
class ZoneCoordinator {
 public:
  /// `observer`: hears of each call of a provider.
  ZoneCoordinator(Loop& loop, Providers providers, Observer& observer = Observer::nobody());
  ~ZoneCoordinator();

  /// The provider of that name, or null.
  providers::Provider* provider(const std::string& name) const;

  const Providers& providers() const noexcept { return providers_; }

  /// Announces, until destroyed, that values for one of a provider's zones will be published soon.
  class [[nodiscard]] Announcement {
   public:
    Announcement(ZoneCoordinator& coordinator, std::set<std::string> providers);
    Announcement(Announcement&& other) noexcept;
    Announcement& operator=(Announcement&& other) noexcept;
    ~Announcement() { end(); }
    void end() noexcept;

   private:
    ZoneCoordinator* coordinator_;
    std::set<std::string> providers_;
    Moment since_;
  };
  Announcement announce(std::set<std::string> providers) { return {*this, std::move(providers)}; }

  /// Completes when the providers have accepted all values. Where a provider limits the values at a name, it first
  /// waits until there is room for all of them; `values` themselves must not exceed the limit. From then on `user` uses
  /// them, even when this throws, until it withdraws them. Returns for each name the change that published its values,
  /// where name servers take that as a whole. Throws the provider's failure; of several zones' failures SomeFailed.
  using PublishedBy = std::map<dns::Name, std::shared_ptr<dns::LastLooks>>;
  Task<PublishedBy> publish(std::string user, std::vector<ZoneValue> values, Announcement announcement);

  /// `user` uses these values no longer, and yet they stay: nobody waits for it any more.
  void leave_standing(const std::string& user, const std::vector<ZoneValue>& values);

  /// Asks the providers again for values that were published before, without waiting to combine them with others.
  /// Throws the provider's failure.
  Task<> assert_again(std::vector<ZoneValue> values);

  /// Completes when every value without another user is removed. Throws the provider's failure, SomeFailed when the
  /// values are in several zones; what can be removed in other zones is removed nevertheless, and calling again is
  /// harmless.
  Task<> withdraw(std::string user, std::vector<ZoneValue> values);

 private:
  struct ChangeRequest;
  struct Queue;
  struct ZoneWork;
  struct Queued {
    ZoneWork* zone;
    std::shared_ptr<ChangeRequest> request;
  };
  using Requests = std::map<ZoneWork*, std::shared_ptr<ChangeRequest>>;

  ZoneWork& work_for(const ZoneValue& value);
  bool has_room(const std::vector<ZoneValue>& values) const;
  Task<> assert_in(ZoneWork* zone, std::vector<providers::TxtChange> changes);
  static void add_to(Requests& requests, ZoneWork& zone, providers::Action action, const ZoneValue& value);
  std::vector<Queued> enqueue(const Requests& requests, providers::Action action);
  Task<> fulfil(std::vector<Queued> queued, providers::Action action);
  Task<> fulfil_one(Queued queued, providers::Action action);
  Task<> send_batch(ZoneWork* zone, Queue* queue, providers::Action action);
  Task<> gather(ZoneWork* zone, Queue* queue, providers::Action action);
  Task<> news_after(std::uint64_t seen);
  void tell_gatherers() noexcept;
  static void keep_what_is_used(const ZoneWork& zone, const std::vector<std::shared_ptr<ChangeRequest>>& requests);
  static std::set<dns::Name> names_of(const ChangeRequest& request);
  static std::exception_ptr failure_of(const std::vector<Queued>& queued);
  static std::vector<std::shared_ptr<ChangeRequest>> worth_a_call_each(
      const std::vector<std::shared_ptr<ChangeRequest>>& requests, const providers::SomeFailed& failed);
  Task<> apply(ZoneWork* zone, std::vector<std::shared_ptr<ChangeRequest>> requests);
  Task<> call(ZoneWork* zone, std::vector<providers::TxtChange> changes);
  std::optional<Moment> waits_for(const ZoneWork& zone, const Queue& queue, providers::Action action) const;

  Loop& loop_;
  Providers providers_;
  Observer& observer_;
  std::map<std::string, std::multiset<Moment>> announced_;  ///< by provider: start times
  std::map<std::pair<std::string, providers::Zone>, std::unique_ptr<ZoneWork>> zones_;
  Waiters gatherers_;
  std::uint64_t news_ = 0;  ///< how often those who are gathering values were notified
};

}  // namespace acmed::issue
