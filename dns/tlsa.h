// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

/// The data of TLSA records (RFC 6698 §2) in presentation form: "3 1 1 HEX", with lower-case digits and one blank
/// between the fields, so that equal records are equal texts.
namespace acmed::dns {

/// The text of what a record has on the wire; nothing for too few octets.
std::optional<std::string> tlsa_text(std::string_view octets);

/// What a record has on the wire; nothing when `text` is no such data.
std::optional<std::string> tlsa_octets(std::string_view text);

/// The record that says: the service has the key whose SubjectPublicKeyInfo has this SHA-256 (RFC 7671 §5.1, "3 1 1").
std::string tlsa_of_key(std::string_view spki_digest_in_hex);

}  // namespace acmed::dns
