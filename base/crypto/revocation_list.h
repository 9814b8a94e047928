// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/crypto/x509.h"
#include "base/time.h"

namespace acmed::crypto {

/// What a CA has revoked (a CRL, RFC 5280 §5), reduced to what is needed to look a certificate up: a list may have a
/// hundred thousand entries.
class RevocationList {
 public:
  /// Reads a list in DER or PEM that `issuer` has signed. Takes some tenths of a second for a large one: call it
  /// through offload(). Throws Refused when it is unreadable, of another issuer, or tells of other issuers'
  /// certificates.
  static RevocationList read(std::string_view octets, const Certificate& issuer);

  struct Entry {
    Time revoked;
    std::string reason;  ///< as RFC 5280 §5.3.1 spells it
  };
  /// Nothing when the certificate, of that issuer, is not in it.
  std::optional<Entry> find(const Certificate& certificate) const;

  std::size_t octets() const noexcept { return compact_.size() * sizeof(Compact); }

 private:
  /// The serial is told by a part of its digest, which nobody can choose: the CA would have to find two of 64 bits.
  struct Compact {
    std::uint64_t serial = 0;
    std::uint32_t revoked = 0;  ///< in seconds since 1970
    std::uint32_t reason = 0;
  };
  std::vector<Compact> compact_;  ///< sorted by serial
};

}  // namespace acmed::crypto
