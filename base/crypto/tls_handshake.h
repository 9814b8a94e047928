// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/crypto/x509.h"

struct ssl_st;

namespace acmed::crypto {

/// The client's side of a TLS handshake, without a socket: octets are handed in and taken out. What the server presents
/// is only looked at; whether it can be trusted is not asked.
class TlsHandshake {
 public:
  /// Which certificate is asked for, of a server that has several for a name.
  enum class Wanted { any, rsa, ecdsa };

  /// `server_name`: for the server's choice (RFC 6066 §3).
  explicit TlsHandshake(const std::string& server_name, Wanted wanted = Wanted::any);

  /// Takes what the server has sent, and goes as far as that allows. Call it once with nothing to begin. Throws Retry
  /// ("tls:handshake") when the handshake fails.
  void advance(std::string_view received);

  /// What is to be sent to the server now.
  std::string take_output();

  /// Whether the server has presented its certificate.
  bool has_certificate() const noexcept;
  Certificate certificate() const;

 private:
  std::shared_ptr<ssl_st> connection_;
};

}  // namespace acmed::crypto
