// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <memory>
#include <span>
#include <string_view>

#include "base/secret.h"

namespace acmed::crypto {

/// SipHash-2-4 with one key: a keyed hash of short texts that is fast enough for each datagram. Not for several threads
/// at a time.
class SipHash {
 public:
  static constexpr std::size_t key_size = 16;
  static constexpr std::size_t size = 8;

  /// `key`: of `key_size` octets. Throws Retry when memory runs short.
  explicit SipHash(Secret key);
  ~SipHash();
  SipHash(SipHash&&) noexcept;

  /// False, and nothing, when memory runs short.
  bool hash(std::string_view text, std::span<char, size> out) noexcept;

 private:
  struct Context;
  Secret key_;
  std::unique_ptr<Context> context_;
};

}  // namespace acmed::crypto
