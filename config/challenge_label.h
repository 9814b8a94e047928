// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace acmed::config {

/// The label below which names are proved by TXT records (RFC 8555 §8.4).
inline constexpr std::string_view challenge_label = "_acme-challenge";

}  // namespace acmed::config
