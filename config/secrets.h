// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>

#include "base/secret.h"
#include "config/reader.h"

namespace acmed::config {

/// A secret's text, and its place in the configuration.
struct SecretText {
  Secret text;
  Place place;
};

/// Whether the text, given as something else, might be a key in the wrong place; if so, messages do not repeat it.
bool may_be_secret(std::string_view text);

/// Reads a secret in any of its forms: "text", { file = }, { credential = } (systemd's, in $CREDENTIALS_DIRECTORY) or {
/// env = }. One final newline is not part of it. Nothing when the key is absent or faulty.
std::optional<SecretText> read_secret(Reader& reader, std::string_view key);

}  // namespace acmed::config
