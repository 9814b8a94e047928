// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/crypto/key.h"
#include "base/crypto/token.h"
#include "base/runtime/task.h"

namespace acmed::crypto {

struct RequestContent;

/// Generates private keys, finds those in tokens and TPMs, and signs with them. Called on the loop's thread; calls may
/// overlap.
class Keys {
 public:
  virtual ~Keys() = default;

  /// Generates a key; does not when cancelled while still queued. Throws Error, Cancelled.
  virtual Task<PrivateKey> generate(KeyType type) = 0;

  /// The key that stays there. Throws as find_held_key() does.
  virtual Task<PrivateKey> held(TokenKey where) = 0;

  /// The signature of `bytes` in JWS form (PrivateKey::sign). Throws Error.
  virtual Task<std::string> sign(PrivateKey key, std::string bytes) = 0;

  /// A certificate signing request, as built by make_csr(). Throws Error.
  virtual Task<std::string> csr(PrivateKey key, std::vector<std::string> dns_names, std::string common_name) = 0;

  /// One that says what `content` does, as built by make_csr(), which uses the key by OpenSSL. Throws Error.
  virtual Task<std::string> csr_saying(PrivateKey key, RequestContent content);
};

/// Keys in this process, and in tokens and the TPM of this host. Operations that take milliseconds run on the worker
/// threads.
class SoftwareKeys final : public Keys {
 public:
  Task<PrivateKey> generate(KeyType type) override;
  Task<PrivateKey> held(TokenKey where) override;
  Task<std::string> sign(PrivateKey key, std::string bytes) override;
  Task<std::string> csr(PrivateKey key, std::vector<std::string> dns_names, std::string common_name) override;
};

/// This process's SoftwareKeys; stateless.
Keys& software_keys();

}  // namespace acmed::crypto
