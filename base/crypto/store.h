// SPDX-License-Identifier: Apache-2.0
// Private to base/crypto: keys from OpenSSL's stores.
#pragma once

#include <openssl/evp.h>

#include <string>

#include "base/crypto/prompt.h"

namespace acmed::crypto {

/// The first private key at `uri` for the providers of `context`; null when there is none. OpenSSL's errors say why,
/// as far as the provider does.
EVP_PKEY* load_from_store(OSSL_LIB_CTX* context, const std::string& uri, Answer* answer);

}  // namespace acmed::crypto
