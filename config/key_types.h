// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/crypto/key.h"
#include "config/reader.h"

/// `key_type`, which may be a list: then one [[certificate]] makes a certificate for each type. They have the same
/// names and targets, and each is kept by itself: its own order, renewal and folder in live/.
namespace acmed::config {

using KeyTypes = std::vector<crypto::KeyType>;

/// Reads `key_type`: one of a fixed set of words, or a list of different ones.
std::optional<KeyTypes> read_key_types(Reader& reader);

/// What tells a certificate with a key of that type from the others of `all`: its family, "ecdsa", "rsa" or "ed25519",
/// unless two of them are of that; then the whole type, "rsa-2048".
std::string short_name(crypto::KeyType type, const KeyTypes& all);

/// The name of the certificate for the type at `place` of `all`: `name` for the first one, "NAME.rsa" for another.
std::string name_for(const std::string& name, std::size_t place, const KeyTypes& all);

/// What stands for short_name() in a target's texts.
inline constexpr std::string_view key_type_placeholder = "{key_type}";

}  // namespace acmed::config
