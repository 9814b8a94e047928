// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "config/reader.h"

namespace acmed::config {

/// Reads `trust`, a file of certificates, and gives its PEM; empty when the key is absent or at fault.
std::string read_trust(Reader& reader);

}  // namespace acmed::config
