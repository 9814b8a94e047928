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
#include "dns/message.h"
#include "dns/name.h"

namespace acmed::providers {

/// Causes of failures (Error::cause()) that callers of a provider act upon.
namespace cause {

/// The zone is at this operator no longer, or the record can never be there again: nothing of ours is left to remove.
inline constexpr const char* zone_gone = "zone:gone";

}  // namespace cause

enum class Action { add, remove };

/// What a value was computed from, for programs that compute it themselves: lego's RAW mode passes it on. No other
/// provider uses it.
struct Origin {
  std::string domain;             ///< being proved, without "*."
  std::string key_authorization;  ///< TOKEN.THUMBPRINT (RFC 8555 §8.1); no secret

  friend auto operator<=>(const Origin&, const Origin&) = default;
};

/// One change of one value of a TXT record, or of another type that the provider publishes(). Several values may share
/// a name: `example.test` and `*.example.test` are both proved at `_acme-challenge.example.test`, so a change never
/// concerns the whole set.
struct TxtChange {
  Action action = Action::add;
  dns::Name name;
  std::string value;                            ///< unquoted, at most 255 octets; of a TLSA record: see dns/tlsa.h
  std::chrono::seconds ttl{};                   ///< requested; an operator may raise it to its own minimum
  std::optional<Origin> origin = std::nullopt;  ///< none for values stored by a version that did not know it
  dns::Type type = dns::Type::txt;              ///< or tlsa
};

/// Some names failed while all others went well: in apply(), or while their places were looked for. Each has its own
/// failure, so that a journey that shares a call with another's forbidden name is not delayed by it.
///
/// Its sentence lists the names that fail for the same reason together, and has all reasons that fit into it.
class SomeFailed final : public Error {
 public:
  /// `failures`: at least one.
  explicit SomeFailed(std::map<dns::Name, Error> failures);

  /// The failure for a caller who changed only `names`; null when these were all changed.
  std::exception_ptr among(const std::set<dns::Name>& names) const;

  const std::map<dns::Name, Error>& failures() const noexcept { return failures_; }

  /// The sentences, one for each reason, that its own sentence has no room for; none when it has all.
  std::vector<std::string> left_out() const;

  /// Adds the context to each name's failure.
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

/// The longest pause that an operator is granted (Retry-After and similar): a certificate must not expire because of an
/// absurd one.
inline constexpr Duration longest_pause = std::chrono::hours(6);

/// Changes TXT records, and maybe others, at one DNS operator. Its sentences do not name the provider: make_provider()
/// (registry.h) adds that.
class Provider {
 public:
  virtual ~Provider() = default;

  /// The operator's zone that holds `name`, or nothing when it has none. Throws Error.
  virtual Task<std::optional<Zone>> zone_of(dns::Name name) = 0;

  /// The same for a name that the DNS has in the zone `in_dns`: of the operator's zones that hold the name, it is that
  /// one, where the operator has it and there is a choice.
  /// A coroutine's parameters are values, whether it uses them or not.
  // NOLINTNEXTLINE(performance-unnecessary-value-param)
  virtual Task<std::optional<Zone>> zone_for(dns::Name name, dns::Name /*in_dns*/) { return zone_of(std::move(name)); }

  /// Whether the zones that it has found are those which the operator really has, so that they can be compared with the
  /// DNS's. Where the operator cannot be asked they are what the configuration says.
  virtual bool tells_true_zones() const { return true; }

  /// The name servers that the operator's own zone names (the NS records at its apex); empty where the operator cannot
  /// be asked at little cost. Throws Error.
  virtual Task<std::set<dns::Name>> name_servers(Zone) { co_return std::set<dns::Name>(); }

  /// Makes all `changes` in `zone`, in one transaction where the operator has one. Adding what is there and removing
  /// what is not there both succeed; foreign values at the same names stay. Returns when the operator has accepted the
  /// changes, long before every server shows them. Throws SomeFailed when only some names failed and all other changes
  /// were made, else Error; with cause::zone_gone when there is no such zone any more. After either, each change was
  /// made or not, and may be requested again.
  virtual Task<> apply(Zone zone, std::vector<TxtChange> changes) = 0;

  /// Completes when all changes of `zone` that were accepted so far have reached the operator's own servers, as far as
  /// the operator tells; at once where it does not. Throws Error when they will not.
  virtual Task<> await_published(Zone) { co_return; }

  /// Whether apply() takes changes of records of that type. All take TXT.
  virtual bool publishes(dns::Type type) const { return type == dns::Type::txt; }

  /// Up to how many changes of one apply() its name servers show all at once or not at all.
  virtual std::size_t changes_as_a_whole() const { return 1; }

  /// How many values the operator holds at one name; one more would replace the oldest.
  virtual std::size_t values_at_a_time() const { return any_number; }

  /// How often apply() must be called again with the same additions while they are needed, because another writer may
  /// undo them unknowingly; nothing where the operator rules that out.
  virtual std::optional<Duration> assertion_pace() const { return std::nullopt; }

  /// Checks that the credentials are valid, and for how long where the operator tells. Returns a warning when all still
  /// works but the administrator must act soon. Called once a day. Throws Error.
  virtual Task<std::optional<std::string>> check_credentials() { co_return std::nullopt; }

  /// When they end, as the last check found; nothing where the operator does not tell.
  virtual std::optional<Time> credential_end() const { return std::nullopt; }

  /// Throws Error when something on this host prevents its work and would otherwise show only as a failure elsewhere.
  /// Sends nothing.
  virtual void check_ready() {}

  /// Closes connections and frees what is needed only while changes are made; the next call starts afresh. Does not
  /// wait.
  virtual void rest() {}

  /// As rest(), and waits for programs that must end: the last call before destruction, if there is time.
  virtual Task<> close() { co_return; }
};

}  // namespace acmed::providers
