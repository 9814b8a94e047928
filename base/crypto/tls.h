// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

namespace acmed::crypto {

/// How many octets TLS connections may still receive.
struct Allowance {
  std::size_t most;
  std::size_t received = 0;

  bool exceeded() const noexcept { return received > most; }
};

/// Counts in `allowance` what the connections of a TLS context receive, whatever it is. The one that exceeds it gets no
/// more: it reads the end of the connection, also in the middle of a loop of a library that would read for as long as
/// something comes. `ssl_ctx` is OpenSSL's SSL_CTX, as curl hands it out; its connections must not outlive `allowance`.
void limit_received(void* ssl_ctx, Allowance& allowance);

}  // namespace acmed::crypto
