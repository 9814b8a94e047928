// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>

#include "base/secret.h"
#include "config/reader.h"

namespace acmed::config {

/// A secret's text, and where the configuration names it.
struct SecretText {
  Secret text;
  Place place;
};

/// Whether the text, which was given as something else, may be a key that went to the wrong place: then it is not
/// repeated in a message.
bool may_be_secret(std::string_view text);

/// Reads a secret in any of its forms: "text", { file = }, { credential = } (systemd's, in $CREDENTIALS_DIRECTORY) or
/// { env = }. One final newline is not part of it. Nothing when the key is absent or at fault.
std::optional<SecretText> read_secret(Reader& reader, std::string_view key);

}  // namespace acmed::config
