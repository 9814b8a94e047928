// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <exception>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "daemon/acme/causes.h"

/// A certificate may name several CAs: which failures at one are a reason to ask the next.
namespace acmed::renew {

/// The cause of a Throttled by our own model of a CA's limits: the CA was not asked.
inline constexpr const char* limit_reached = "ca:limit";

/// The cause of a Throttled that the CA asked for when it shed load.
inline constexpr const char* left_alone = acme::overloaded;
/// The cause of one by which the CA named a limit (RFC 8555 §6.6).
inline constexpr const char* limit_named = "acme:rateLimited";

/// What a CA said of one of its limits.
struct NamedLimit {
  std::string detail;
  Time until;
};
/// Nothing when `failure` is something else.
std::optional<NamedLimit> limit_in(const Error& failure);
/// Whether the CA has answered that it does not do what was asked for.
bool is_refusal(const Error& failure);

/// Whether the next CA may issue where one has failed: what this one did not answer, is too busy for, limits or
/// refuses. Not what any CA would find: wrong TXT values, and whatever is not the CA's fault. A CA that only takes its
/// time keeps its order until it has done so twice: `failed_before`, whether the last try failed as well.
bool is_for_the_next_ca(const Error& failure, bool failed_before);

/// Whether a pause that ends at `until` is short enough to be waited out, though there is another CA.
bool is_worth_waiting(Time until, Time now);

/// What came of one of the CAs.
struct Refusal {
  std::string ca;
  std::exception_ptr failure;  ///< an Error
  bool is_known = false;       ///< from before: it was not asked
};
std::string sentence_of(const Refusal& refusal);

/// What all of them together mean, with each CA and why in one sentence. There must be one at least; of a single one
/// it is its own failure.
std::exception_ptr joined(const std::vector<Refusal>& refusals);

}  // namespace acmed::renew
