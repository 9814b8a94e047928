// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "config/config.h"
#include "config/reader.h"

namespace acmed::config {

/// tsig = { name, algorithm, secret }. The secret may be the file that tsig-keygen writes; its name and algorithm then
/// need not be repeated. Nothing when the key is absent or faulty.
std::optional<Tsig> read_tsig(Reader& provider);

}  // namespace acmed::config
