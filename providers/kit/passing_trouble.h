// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "base/error.h"
#include "base/time.h"

/// Trouble that passes within seconds, so that the same request is sent again in place: a scheduler's pause of minutes
/// would be for nothing.
namespace acmed::providers {

/// Whether a server in between says by that HTTP status that it did not reach the one behind it, or was not answered:
/// 502, 503, 504 (RFC 9110 §15.6), and 520 to 524, which Cloudflare's edge says.
bool is_passing(int status);

/// Whether `failure` is that of a connection that was refused or cut, and not of one that took all its time.
bool is_cut(const Error& failure);

/// Whether an API's failure is a connection that was cut or such a status, and no time was named for the next request.
bool passes(const Error& failure);

/// The pauses before one request is sent again. They grow, differ from those of others, and come to an end.
class Pauses {
 public:
  static constexpr Duration usual_patience = std::chrono::seconds(10);

  /// `clock` must outlive this. `patience`: from now to the end of the last pause.
  explicit Pauses(const Clock& clock, Duration patience = usual_patience)
      : clock_(clock), end_(clock.moment() + patience) {}

  /// The next one; nothing when it would not end in time.
  std::optional<Duration> next();

 private:
  const Clock& clock_;
  Moment end_;
  Duration longest_ = std::chrono::milliseconds(200);
};

}  // namespace acmed::providers
