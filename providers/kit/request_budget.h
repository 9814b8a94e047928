// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>

#include "base/time.h"

namespace acmed::providers {

/// How many requests an API still takes, by what its answers say in the header Ratelimit
/// (draft-ietf-httpapi-ratelimit-headers): `"default";r=50;t=30` is fifty more within the next thirty seconds.
class RequestBudget {
 public:
  /// Until when nothing may be sent; nothing when a request may go out now.
  std::optional<Moment> closed_until(Moment now) const;

  /// A request goes out. It counts until answered() or given_up().
  void sent() noexcept;
  /// Its answer came, with this header or none.
  void answered(std::optional<std::string_view> ratelimit, Moment now);
  /// Its answer will not come.
  void given_up() noexcept { --under_way_; }

  /// The API wants to be left alone until then.
  void close_until(Moment moment);

 private:
  int under_way_ = 0;
  std::optional<long> left_;  ///< none: nothing is known
  Moment renewed_at_{};       ///< when `left_` is no longer true
  Moment closed_until_{};
};

}  // namespace acmed::providers
