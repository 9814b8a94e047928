// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/crypto/key.h"
#include "base/runtime/task.h"

namespace acmed::crypto {

/// Makes private keys and signs with them. Whoever needs a signature asks here and waits, so that keys may come to live
/// in a token or in another process. Called on the loop's thread; all calls may be made side by side.
class Keys {
 public:
  virtual ~Keys() = default;

  /// Makes a new key. A call that was cancelled before its turn came makes none. Throws Error, Cancelled.
  virtual Task<PrivateKey> generate(KeyType type) = 0;

  /// The signature of `bytes` as JWS wants it (PrivateKey::sign). Throws Error.
  virtual Task<std::string> sign(PrivateKey key, std::string bytes) = 0;

  /// A certificate signing request for `dns_names`, as make_csr() makes it. Throws Error.
  virtual Task<std::string> csr(PrivateKey key, std::vector<std::string> dns_names) = 0;
};

/// Keys in this process. What takes milliseconds is done on the worker threads.
class SoftwareKeys final : public Keys {
 public:
  Task<PrivateKey> generate(KeyType type) override;
  Task<std::string> sign(PrivateKey key, std::string bytes) override;
  Task<std::string> csr(PrivateKey key, std::vector<std::string> dns_names) override;
};

/// The SoftwareKeys of this process; they have no state.
Keys& software_keys();

}  // namespace acmed::crypto
