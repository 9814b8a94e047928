// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "config/reader.h"

namespace acmed::config {

/// Reads `trust`, a file of certificates, and returns its PEM; empty when the key is absent or faulty.
std::string read_trust(Reader& reader);

}  // namespace acmed::config
