// SPDX-License-Identifier: Apache-2.0
#include "base/crypto/openssl.h"

#include <openssl/err.h>

#include <array>

#include "base/error.h"

namespace acmed::crypto {

std::string take_openssl_error() {
  const auto code = ERR_peek_last_error();
  ERR_clear_error();
  if (code == 0) return "no reason given";
  if (const char* reason = ERR_reason_error_string(code)) return reason;
  std::array<char, 256> text{};
  ERR_error_string_n(code, text.data(), text.size());
  return text.data();
}

void fail(const std::string& doing) {
  throw Retry("crypto", "cannot " + doing + ": " + take_openssl_error());
}

const unsigned char* octets(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

unsigned char* octets(std::string& bytes) {
  return reinterpret_cast<unsigned char*>(bytes.data());
}

std::string_view written(BIO* bio) {
  char* start = nullptr;
  const auto size = BIO_get_mem_data(bio, &start);
  return {start, static_cast<std::size_t>(size)};
}

}  // namespace acmed::crypto
