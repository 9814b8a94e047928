// SPDX-License-Identifier: Apache-2.0
#include "base/crypto/store.h"

#include <openssl/store.h>

#include "base/crypto/openssl.h"

namespace acmed::crypto {

EVP_PKEY* load_from_store(OSSL_LIB_CTX* context, const std::string& uri, Answer* answer) {
  ERR_clear_error();
  const Owned<OSSL_STORE_CTX, OSSL_STORE_close> store(
      OSSL_STORE_open_ex(uri.c_str(), context, nullptr, answers(), answer, nullptr, nullptr, nullptr));
  if (!store || OSSL_STORE_expect(store.get(), OSSL_STORE_INFO_PKEY) != 1) return nullptr;
  while (OSSL_STORE_eof(store.get()) == 0) {
    const Owned<OSSL_STORE_INFO, OSSL_STORE_INFO_free> found(OSSL_STORE_load(store.get()));
    if (!found) {
      if (OSSL_STORE_error(store.get()) != 0) return nullptr;
      continue;
    }
    if (OSSL_STORE_INFO_get_type(found.get()) == OSSL_STORE_INFO_PKEY) return OSSL_STORE_INFO_get1_PKEY(found.get());
  }
  return nullptr;
}

}  // namespace acmed::crypto
