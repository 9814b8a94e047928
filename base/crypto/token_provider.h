// SPDX-License-Identifier: Apache-2.0
// Private to base/crypto: OpenSSL's provider for PKCS #11, where its engine is not to be had.
#pragma once

#include <openssl/evp.h>

#include <memory>
#include <set>
#include <string>

#include "base/crypto/openssl.h"
#include "base/crypto/prompt.h"
#include "base/crypto/token.h"

namespace acmed::crypto {

/// OpenSSL's provider `pkcs11` in a context of its own.
class TokenProvider {
 public:
  /// With this module; an empty path: the one that p11-kit names. Null where the provider cannot be loaded, or OpenSSL
  /// (before 3.2) cannot tell it the module; OpenSSL's errors say why.
  static std::unique_ptr<TokenProvider> open(const std::string& module);

  /// Logs in to the token. False when there is none, or when it refuses the PIN or has no private key at all: then it
  /// has asked. The provider says no more, and so one has to be in before a key is missed.
  bool enter(const TokenUri& uri, Answer* answer);
  /// Whether it was entered.
  bool is_in(const TokenUri& uri) const { return entered_.contains(uri.token); }

  /// Null when the token, which was entered, has no such key.
  EVP_PKEY* load(const TokenUri& uri, Answer* answer) const;

  OSSL_LIB_CTX* context() const { return context_.get(); }

 private:
  TokenProvider() : context_(need(OSSL_LIB_CTX_new(), "use the provider pkcs11")) {}

  Owned<OSSL_LIB_CTX, OSSL_LIB_CTX_free> context_;
  std::set<std::string> entered_;
};

}  // namespace acmed::crypto
