// SPDX-License-Identifier: Apache-2.0
#include "daemon/renew/star.h"

#include <algorithm>

namespace acmed::renew {

std::optional<Time> next_star_certificate(const store::Certificate& certificate) {
  if (!certificate.star || !certificate.issued) return std::nullopt;
  const auto& issued = *certificate.issued;
  // A certificate lives for one to two of its order's lifetimes, since its begin may be predated.
  const auto life = std::max<Duration>(issued.not_after - issued.not_before, Duration::zero());
  return issued.not_after - std::clamp<Duration>(certificate.star->lifetime, life / 2, life) / 2;
}

}  // namespace acmed::renew
