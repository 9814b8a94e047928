// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "config/config.h"
#include "config/reader.h"

namespace acmed::config {

/// tsig = { name, algorithm, secret }. The secret may be the file that tsig-keygen writes; then the name and algorithm
/// in it need not be repeated. Nothing when it is absent or at fault.
std::optional<Tsig> read_tsig(Reader& provider);

}  // namespace acmed::config
