// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/crypto/key.h"
#include "base/crypto/token.h"

namespace acmed::crypto {

/// What is wrong with `uri` as the place of one private key that stays in a PKCS #11 token or a TPM, for a sentence;
/// empty when nothing is. No secret that somebody wrote into it is repeated.
std::string fault_of_held_uri(std::string_view uri);

/// Finds the key there: see find_in_token(), find_in_tpm(), whose errors it throws. `secret`: what `where.pin` has now.
/// Throws Refused ("token:key") when it is of another type than `where` says. Blocks.
PrivateKey find_held_key(const TokenKey& where, const Secret& secret);

}  // namespace acmed::crypto
