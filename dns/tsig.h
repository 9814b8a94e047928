// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/crypto/digest.h"
#include "base/secret.h"
#include "base/time.h"
#include "dns/name.h"

namespace acmed::dns {

/// A TSIG key (RFC 8945).
struct TsigKey {
  Name name;
  crypto::Digest algorithm = crypto::Digest::sha256;
  Secret secret;  ///< raw octets, not base64
};

/// Reads "hmac-sha256" and so on; nothing for an unknown one.
std::optional<crypto::Digest> tsig_algorithm_from(std::string_view text);
std::string_view tsig_algorithm_text(crypto::Digest algorithm);

/// A signed message and what is needed to verify its answer.
struct SignedMessage {
  std::string wire;
  std::string mac;
};

/// Appends a TSIG record to `wire`, a complete DNS message without one.
SignedMessage tsig_sign(std::string wire, const TsigKey& key, Time now);

/// Verifies the answer to a message that was signed with `key` and whose MAC was `request_mac`. Returns when it is
/// authentic and free of TSIG errors. Throws Refused or Retry with a sentence that says what to mend: "tsig:BADKEY",
/// "tsig:BADSIG", "tsig:BADTIME" (with how far the clocks differ), "tsig:unsigned", "tsig:forged". `server` is for the
/// sentence.
void tsig_verify(std::string_view wire, const TsigKey& key, std::string_view request_mac, Time now,
                 const std::string& server);

}  // namespace acmed::dns
