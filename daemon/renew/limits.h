// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/time.h"
#include "daemon/renew/published_limits.h"
#include "daemon/store/records.h"

namespace acmed::renew {

/// An order as a CA counts it.
struct CountedOrder {
  std::string account;  ///< that makes it: any text that is always the same for it
  std::vector<std::string> names;
  std::vector<std::string> domains;  ///< the registered domains of `names`, each once
  bool replaces = false;             ///< another certificate, within the window that the CA suggested
  bool renews = false;               ///< one for exactly the same names
  /// So many failed authorizations of each name must be allowed still: two where the CA is told without a look at the
  /// DNS, so that the last one is never spent without one.
  unsigned failures_spared = 1;
  std::optional<Time> not_after = {};  ///< the end of the certificate in service, if any
};

/// Sets what `order` is to a certificate of the same CA that is in service and has that plan.
void count_as_renewal(CountedOrder& order, const store::Issued& issued, const Rare<store::RenewalPlan>& plan, Time now);

/// A model of one CA's limits: what has been used of those that it has published, and what it has said itself. No input
/// and output, no clock of its own. Each question costs as much as the order has names, however much is counted.
class Limits {
 public:
  explicit Limits(PublishedLimits published) : published_(std::move(published)) {}

  /// A reason to wait.
  struct Wait {
    Time until;
    std::string sentence;  ///< which limit, and until when
    bool is_said = false;  ///< by the CA, not only believed by us
  };

  /// Why such an order is not to be made now; nothing when it is. What is only believed never costs a certificate: on
  /// the last day of the one in service it does not count. `believed`: false for what the CA itself has said only.
  /// `is_expected`: it has waited until its place(), so that it goes before those that come now.
  std::optional<Wait> wait(const CountedOrder& order, Time now, bool believed = true, bool is_expected = false) const;

  /// The same for an order that has to wait, which takes a place behind all those that wait already: each is told a
  /// time of its own, so that they do not all come back at once.
  std::optional<Wait> place(const CountedOrder& order, Time now);

  /// The order is made. Until released() the certificate that it may lead to counts as issued. As the next three, it
  /// returns whether there is something new to be kept.
  bool ordered(const CountedOrder& order, Time now);
  /// Its certificate is issued, or the order has ended without one.
  void released(const CountedOrder& order);
  /// A certificate is issued for it.
  bool issued(const CountedOrder& order, Time now);
  /// It was not, after all.
  bool not_issued(const CountedOrder& order, Time now);
  /// The CA could not validate `name`.
  bool failed(const std::string& account, const std::string& name, Time now);
  /// How many more times that may happen now; a large number when the CA has published no limit.
  unsigned failures_left(const std::string& account, const std::string& name, Time now) const;

  /// The CA refused the order until then; `detail`: its words, which tell what it limits: the account, a domain, a
  /// name, or else these very names.
  void said(const CountedOrder& order, const std::string& detail, Time now, Time until);

  /// What is used of a limit, for people.
  struct Use {
    std::string_view limit;        ///< "orders", "same_names", "domain" or "failures", as the configuration calls them
    std::string subject;           ///< the domain or name; empty for the account, and for sets of names
    Rare<store::NameSet> names{};  ///< of a set of names; nothing where the record of it has none
    std::optional<Limit> of{};     ///< nothing: the CA has published none, and said only that it is reached
    unsigned used = 0;             ///< now
    Time free_at{};                ///< when all of it can be used again
    std::optional<Time> refused_until = {};  ///< the CA said so
  };
  /// Of the limits that are known, and of those of which the CA said that they are reached; those of which the largest
  /// part is used first, at most `most`. The account's own first, used or not.
  std::vector<Use> in_use(const std::string& account, std::size_t most, Time now) const;

  /// The clock was set by so much: what counts has become no older by that, and no younger.
  void shift(Duration by);

  /// What is to be kept over a restart: whatever has not passed.
  std::map<std::string, store::LimitUse> uses(Time now);
  /// What was kept. What comes from a clock that was ahead is not believed.
  void restore(const std::map<std::string, store::LimitUse>& uses, Time now);

 private:
  /// GCRA: one time tells how full the bucket is.
  struct Bucket {
    Time full_at{};                ///< when all of the limit is there again; in the past: it is
    unsigned reserved = 0;         ///< by orders under way
    Time last_place{};             ///< that was given away
    Time placed{};                 ///< when that was
    store::Pause said{};           ///< the CA said so
    Rare<store::NameSet> names{};  ///< of a set of names
  };
  struct Counted {
    std::string key;
    const std::optional<Limit>* limit;
    std::string subject;  ///< for the sentence
    unsigned needed = 1;
    bool is_waited_for = true;                        ///< in order of arrival
    const std::vector<std::string>* names = nullptr;  ///< of a set of names; must outlive it
  };
  std::vector<Counted> counted(const CountedOrder& order) const;
  std::vector<Counted> of_certificate(const CountedOrder& order) const;
  Counted of_same_names(const CountedOrder& order) const;
  Bucket& bucket_of(const Counted& counted);
  std::optional<Wait> wait_for(const Counted& counted, const CountedOrder& order, Time now, bool believed,
                               bool is_expected) const;
  static bool do_others_wait(const Bucket& bucket, Time now);
  std::string sentence(const Counted& counted, Time until) const;
  Time next_in(const Bucket& bucket, const Limit& limit, unsigned needed, Time now) const;
  bool use(const Counted& counted, Time now);
  struct OwnKeys {
    std::string account;
    std::string failures;  ///< what the keys of an account begin with
  };
  std::optional<Use> use_of(std::string_view key, const Bucket& bucket, const OwnKeys& own, Time now) const;

  PublishedLimits published_;
  std::unordered_map<std::string, Bucket> buckets_;
};

}  // namespace acmed::renew
