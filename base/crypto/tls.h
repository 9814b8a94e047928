// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

namespace acmed::crypto {

/// How many more octets TLS connections may receive.
struct Allowance {
  std::size_t most;
  std::size_t received = 0;

  bool exceeded() const noexcept { return received > most; }
};

/// Charges all that the connections of a TLS context receive, whatever it is, to `allowance`. A connection that exceeds
/// it reads end-of-file, even inside a library's loop that would go on reading for as long as data arrives. `ssl_ctx`
/// is OpenSSL's SSL_CTX, as curl hands it out; its connections must not outlive `allowance`.
void limit_received(void* ssl_ctx, Allowance& allowance);

}  // namespace acmed::crypto
