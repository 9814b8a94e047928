// SPDX-License-Identifier: Apache-2.0
#include "base/crypto/encoding.h"

#include "base/crypto/openssl.h"

namespace acmed::crypto {

std::optional<std::string> from_base64(std::string_view text) {
  std::string digits;
  digits.reserve(text.size() + 2);
  std::size_t padding = 0;
  for (const char c : text) {
    if (c == ' ' || c == '\t' || c == '\r' || c == '\n') continue;
    if (c == '=') {
      ++padding;
      continue;
    }
    const bool letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    if (padding > 0 || !(letter || c == '+' || c == '-' || c == '/' || c == '_')) return std::nullopt;
    digits += c == '-' ? '+' : c == '_' ? '/' : c;
  }
  const std::size_t missing = (4 - digits.size() % 4) % 4;
  if (missing == 3 || (padding != 0 && padding != missing)) return std::nullopt;
  digits.append(missing, '=');
  std::string bytes(digits.size() / 4 * 3, '\0');
  if (EVP_DecodeBlock(octets(bytes), octets(digits), static_cast<int>(digits.size())) < 0) return std::nullopt;
  bytes.resize(bytes.size() - missing);
  OPENSSL_cleanse(digits.data(), digits.size());  // often the text of a key
  return bytes;
}

}  // namespace acmed::crypto
