// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "config/reader.h"

namespace acmed::config {

/// Reads `preferred_chain`: a common name, or "sha256:" and a fingerprint, which may be written with colons between the
/// octets, as OpenSSL prints it. See Certificate::preferred_chain for what is returned.
std::optional<std::string> read_preferred_chain(Reader& reader);

}  // namespace acmed::config
