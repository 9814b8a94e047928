// SPDX-License-Identifier: Apache-2.0
#include "base/crypto/tls.h"

#include <openssl/ssl.h>

namespace acmed::crypto {
namespace {

/// OpenSSL calls this with the header of each record, before it gives out what the record holds.
void on_message(int sent, int, int type, const void* bytes, std::size_t size, SSL* ssl, void* of_context) noexcept {
  if (sent != 0 || type != SSL3_RT_HEADER || size < SSL3_RT_HEADER_LENGTH) return;
  const auto* header = static_cast<const unsigned char*>(bytes);
  auto& allowance = *static_cast<Allowance*>(of_context);
  allowance.received += size + (std::size_t{header[3]} << 8 | header[4]);  // RFC 8446 §5.1: the last two are the length
  // As after a close_notify: nothing is read any more.
  if (allowance.exceeded()) SSL_set_shutdown(ssl, SSL_get_shutdown(ssl) | SSL_RECEIVED_SHUTDOWN);
}

}  // namespace

void limit_received(void* ssl_ctx, Allowance& allowance) {
  auto* context = static_cast<SSL_CTX*>(ssl_ctx);
  SSL_CTX_set_msg_callback(context, on_message);
  SSL_CTX_set_msg_callback_arg(context, &allowance);
}

}  // namespace acmed::crypto
