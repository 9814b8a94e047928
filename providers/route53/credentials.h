// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "base/runtime/task.h"
#include "base/secret.h"
#include "base/time.h"

namespace acmed::providers::route53 {

/// What AWS knows a caller by.
struct Credentials {
  std::string key_id;
  Secret secret_key;
  Secret session_token;         ///< empty for credentials that do not expire
  std::optional<Time> expires;  ///< when AWS takes them no longer
  std::string origin;           ///< where they come from, for sentences: "the environment"
};

/// A place where credentials may be.
class Source {
 public:
  virtual ~Source() = default;

  /// Those of this place, or nothing when it has none. Throws Error when there ought to be some.
  virtual Task<std::optional<Credentials>> find() = 0;

  /// What was looked at, for the sentence that nothing was found: "the environment (AWS_ACCESS_KEY_ID)".
  virtual std::string place() const = 0;
};

}  // namespace acmed::providers::route53
