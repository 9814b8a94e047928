// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string_view>

#include "base/runtime/secret_source.h"
#include "config/checked.h"
#include "config/reader.h"

namespace acmed::config {

/// A secret, and its place in the configuration.
struct PlacedSecret {
  SecretSource source;
  Place place;

  /// Its text when the configuration was read.
  Secret text() const { return source.latest(); }
};

/// What a secret may be made of.
enum class SecretForm {
  line,  ///< a word or a password: no control character
  text   ///< maybe several lines, such as a key in PEM or a key block: no control characters but tabs and ends of lines
};

/// Whether the text, given as something else, might be a key in the wrong place; if so, messages do not repeat it.
bool may_be_secret(std::string_view text);

/// Reads a secret in any of its sources: "text", { file = }, { credential = } (systemd's, in $CREDENTIALS_DIRECTORY) or
/// { env = }. Blanks and line ends around it are not part of it, nor is a byte order mark. Nothing when the key is
/// absent or faulty. Those in files are read again when they change; systemd lays a credential when it starts the unit,
/// and since version 260 also at a reload where the unit asks for it (RefreshOnReload=credentials).
std::optional<PlacedSecret> read_secret(Reader& reader, std::string_view key, SecretForm form = SecretForm::line);

/// `secret` as `check` makes it usable; when `check` objects to its text, that is reported at `key`. A later text to
/// which it objects is not used.
SecretSource checked_secret(Reader& reader, std::string_view key, const PlacedSecret& secret,
                            const std::function<Checked<Secret>(const Secret&)>& check);

}  // namespace acmed::config
