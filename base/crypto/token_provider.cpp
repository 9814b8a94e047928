// SPDX-License-Identifier: Apache-2.0
#include "base/crypto/token_provider.h"

#include <openssl/params.h>
#include <openssl/provider.h>

#include <array>

#include "base/crypto/store.h"

namespace acmed::crypto {

#if OPENSSL_VERSION_NUMBER >= 0x30200000L

std::unique_ptr<TokenProvider> TokenProvider::open(const std::string& module) {
  std::unique_ptr<TokenProvider> opened(new TokenProvider);
  auto path = module;
  // Else it would ask the terminal again when it needs a second session.
  std::string cache = "cache";
  std::array<OSSL_PARAM, 3> settings = {OSSL_PARAM_construct_utf8_string("pkcs11-module-cache-pins", cache.data(), 0),
                                        OSSL_PARAM_construct_end(), OSSL_PARAM_construct_end()};
  if (!path.empty()) settings[1] = OSSL_PARAM_construct_utf8_string("pkcs11-module-path", path.data(), 0);
  ERR_clear_error();
  if (OSSL_PROVIDER_load(opened->context(), "default") == nullptr ||
      OSSL_PROVIDER_load_ex(opened->context(), "pkcs11", settings.data()) == nullptr) {
    return nullptr;
  }
  return opened;
}

#else

std::unique_ptr<TokenProvider> TokenProvider::open(const std::string&) {
  return nullptr;
}

#endif

bool TokenProvider::enter(const TokenUri& uri, Answer* answer) {
  if (is_in(uri)) return true;
  const Owned<EVP_PKEY, EVP_PKEY_free> any(load_from_store(context(), "pkcs11:" + uri.token + ";type=private", answer));
  if (any) entered_.insert(uri.token);
  return any != nullptr;
}

EVP_PKEY* TokenProvider::load(const TokenUri& uri, Answer* answer) const {
  // Else it may give the public half.
  const bool has_type = uri.object.find(";type=") != uri.object.npos;
  return load_from_store(context(), has_type ? uri.object : uri.object + ";type=private", answer);
}

}  // namespace acmed::crypto
