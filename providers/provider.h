// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <exception>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/runtime/task.h"
#include "dns/name.h"

namespace acmed::providers {

enum class Action { add, remove };

/// What a value was made from, for those who insist on making it themselves: lego's RAW mode passes it on. No other
/// provider looks at it.
struct Origin {
  std::string domain;             ///< that is to be proved, without "*."
  std::string key_authorization;  ///< TOKEN.THUMBPRINT (RFC 8555 §8.1); no secret

  friend auto operator<=>(const Origin&, const Origin&) = default;
};

/// One change of one TXT value. Several values may share a name: `example.test` and `*.example.test` are both proved at
/// `_acme-challenge.example.test`, so a change never speaks of the whole set.
struct TxtChange {
  Action action = Action::add;
  dns::Name name;
  std::string value;                            ///< unquoted, at most 255 octets
  std::chrono::seconds ttl{};                   ///< a wish; an operator may raise it to its own minimum
  std::optional<Origin> origin = std::nullopt;  ///< none for values of a version that did not keep it
};

/// Thrown by apply() when some names could not be changed while all others were. Each has its own trouble, so that a
/// journey which shares the call with another's forbidden name is not held up by it.
class SomeFailed final : public Error {
 public:
  /// `failures`: one at least.
  explicit SomeFailed(std::map<dns::Name, Error> failures);

  /// What remains of it for somebody who changed only `names`; null when all of theirs were changed.
  std::exception_ptr among(const std::set<dns::Name>& names) const;

  /// Each name's failure says it.
  std::exception_ptr in_context(Party party, const std::string& context) const override;

 private:
  std::map<dns::Name, Error> failures_;
};

/// A zone as its operator knows it.
struct Zone {
  dns::Name apex;
  std::string id;  ///< the operator's own name for it; empty where it has none

  friend auto operator<=>(const Zone&, const Zone&) = default;
};

inline constexpr std::size_t any_number = std::numeric_limits<std::size_t>::max();

/// The longest pause that an operator is granted (Retry-After and its like): a certificate must not end because
/// somebody named a time beyond all sense.
inline constexpr Duration longest_pause = std::chrono::hours(6);

/// Changes TXT records at one DNS operator. Its sentences do not say which one: who makes it (registry.h) sees to that.
class Provider {
 public:
  virtual ~Provider() = default;

  /// The operator's zone that holds `name`, or nothing when it has none. Throws Error.
  virtual Task<std::optional<Zone>> zone_of(dns::Name name) = 0;

  /// Makes all `changes` in `zone`, in one transaction where the operator has one. Adding what is there and removing
  /// what is not there both succeed; foreign values at the same names stay. Returns when the operator accepted, long
  /// before every server shows it. Throws SomeFailed when it concerns only some names and all other changes were made,
  /// else Error: whatever it is, each change was either made or not, and may be asked for again.
  virtual Task<> apply(Zone zone, std::vector<TxtChange> changes) = 0;

  /// Completes when all changes of `zone` that were accepted so far have reached the operator's own servers, as far as
  /// the operator tells; at once where it does not. Throws Error when they will not.
  virtual Task<> await_published(Zone) { co_return; }

  /// How many values the operator holds at one name at a time: a further one would push out an earlier one.
  virtual std::size_t values_at_a_time() const { return any_number; }

  /// How often apply() is to be asked for the same additions again while they serve, because another writer may undo
  /// them unknowingly; nothing where the operator rules that out.
  virtual std::optional<Duration> assertion_pace() const { return std::nullopt; }

  /// Looks whether the credentials are good, and for how long, where the operator tells. Gives one sentence when the
  /// operator of acmed has to see to something soon, though all works yet. Called once a day. Throws Error.
  virtual Task<std::optional<std::string>> check_credentials() { co_return std::nullopt; }

  /// Throws Error when something on this host keeps it from its work, which would only show as trouble elsewhere. Asks
  /// nobody.
  virtual void check_ready() {}

  /// Closes connections and frees what is only needed while changes are made; the next call begins anew. Does not wait.
  virtual void rest() {}

  /// As rest(), and waits for what has to end outside of acmed: the last call before the provider ends, if there is
  /// time.
  virtual Task<> close() { co_return; }
};

}  // namespace acmed::providers
