// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/rare.h"
#include "config/config.h"
#include "config/key_types.h"
#include "config/reader.h"
#include "config/targets.h"

/// `key`: a private key that stays in a PKCS #11 token or a TPM, which acmed uses and never sees.
namespace acmed::config {

/// Reads `key` and `pin`. `types`: what key_type says beside it.
Rare<crypto::TokenKey> read_token_key(Reader& reader, const std::optional<KeyTypes>& types);
/// Reads `key` alone, for a process that has no secrets.
Rare<crypto::TokenKey> read_place_of_key(Reader& reader);

/// Reports a key that needs another PKCS #11 module than those before it, whose module is in `module`: a process has
/// one.
void require_same_module(Reader& reader, const crypto::TokenKey& key, std::optional<std::string>& module);

/// Reports what needs `key` in a file: `targets` and `dane` of the certificate.
void refuse_key_files(Reader& reader, const crypto::TokenKey& key, const std::vector<PlacedTarget>& targets,
                      const Dane& dane);

}  // namespace acmed::config
