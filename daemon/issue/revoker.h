// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/crypto/keys.h"
#include "base/crypto/x509.h"
#include "daemon/acme/revocation_reason.h"
#include "daemon/issue/acme_authority.h"

namespace acmed::issue {

/// A certificate that is to be revoked.
struct Revocable {
  std::string directory_url;  ///< of the CA that issued it
  crypto::Certificate certificate;
  Secret key_pem;  ///< empty for a key that stays in a token
  acme::RevocationReason reason = acme::RevocationReason::unspecified;
  Rare<crypto::TokenKey> key{};  ///< where that one stays; none where the configuration names it no more
};

/// Has certificates revoked by the CAs that issued them (RFC 8555 §7.6), also by one that is configured no more. Signed
/// by the first of our accounts there that may, or by the certificate's key: that also where no account is left. For a
/// compromised key it is the other way round, since a CA believes only that key to be so, and then takes it for no
/// other certificate.
class Revoker {
 public:
  /// `configured`: the CAs with that directory, most likely first. All must outlive it.
  using Configured = std::function<std::vector<AcmeAuthority*>(const std::string& directory_url)>;
  Revoker(Loop& loop, Configured configured, crypto::Keys& keys = crypto::software_keys())
      : loop_(loop), configured_(std::move(configured)), keys_(keys) {}

  /// Succeeds also when it is revoked already. Throws as acme::Client's calls.
  Task<> revoke(Revocable what);

 private:
  Task<bool> by_accounts(Revocable what);
  Task<std::optional<Error>> refusal_of_key(Revocable what);
  Task<> by_key(Revocable what);
  Task<crypto::PrivateKey> key_of(Revocable what);

  Loop& loop_;
  Configured configured_;
  crypto::Keys& keys_;
};

}  // namespace acmed::issue
