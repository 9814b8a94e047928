// SPDX-License-Identifier: Apache-2.0
#include "base/crypto/held_key.h"

#include <fmt/format.h>

#include "base/crypto/tpm.h"
#include "base/error.h"

namespace acmed::crypto {

std::string fault_of_held_uri(std::string_view uri) {
  if (uri.starts_with("pkcs11:")) return fault_of_token_uri(uri);
  if (is_tpm_uri(uri)) return fault_of_tpm_uri(uri);
  return "is no place of a private key; \"pkcs11:token=LABEL;object=LABEL\" for a PKCS #11 token, "
         "\"handle:0x81000001\" or \"file:/PATH\" for a TPM is wanted";
}

PrivateKey find_held_key(const TokenKey& where, const Secret& secret) {
  auto key = is_tpm_uri(where.uri) ? find_in_tpm(where.uri, secret) : find_in_token(where.uri, secret);
  if (where.type && key.type() != *where.type) {
    throw Refused("token:key",
                  fmt::format("the key {} is {}, but key_type says {}; leave key_type out, or name another key",
                              where.uri, to_text(key.type()), to_text(*where.type)));
  }
  return key;
}

}  // namespace acmed::crypto
