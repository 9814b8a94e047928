// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/secret.h"
#include "config/checked.h"

namespace acmed::config {

/// The content of `key "name" { algorithm hmac-sha256; secret "..."; };`, as tsig-keygen writes it for named.conf.
struct KeyBlock {
  std::string name;
  std::string algorithm;
  Secret secret;  ///< base64
};

/// Whether the text is such a block rather than a bare secret.
bool is_key_block(std::string_view text);

/// Reads a text with exactly one such block. The sentence of a fault repeats nothing of the text.
Checked<KeyBlock> read_key_block(std::string_view text);

}  // namespace acmed::config
