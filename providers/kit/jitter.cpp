// SPDX-License-Identifier: Apache-2.0
#include "providers/kit/jitter.h"

#include "base/crypto/digest.h"

namespace acmed::providers {

Duration jittered(Duration longest) {
  const auto bytes = crypto::random_bytes(2);
  const int dice = static_cast<unsigned char>(bytes[0]) * 256 + static_cast<unsigned char>(bytes[1]);
  return longest / 2 + longest / 2 * dice / 65536;
}

}  // namespace acmed::providers
