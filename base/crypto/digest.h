// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace acmed::crypto {

enum class Digest { md5, sha1, sha224, sha256, sha384, sha512 };

std::size_t digest_size(Digest digest);

std::string sha256(std::string_view bytes);

/// HMAC (RFC 2104), full length.
std::string hmac(Digest digest, std::string_view key, std::string_view bytes);

/// Compares in a time that does not depend on where the two differ.
bool equal_in_constant_time(std::string_view a, std::string_view b);

/// Cryptographically random bytes.
std::string random_bytes(std::size_t count);

}  // namespace acmed::crypto
