// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>

#include "config/config.h"
#include "config/reader.h"

namespace acmed::config {

/// Reads how much of a certificate's life is left: a fraction, "0.33", or a time, "30d". Nothing when the key is absent
/// or faulty.
std::optional<LifeLeft> read_life_left(Reader& reader, std::string_view key);

}  // namespace acmed::config
