// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "daemon/acme/resources.h"
#include "dns/name.h"
#include "providers/provider.h"

namespace acmed::issue {

/// The TXT record that answers a challenge (RFC 8555 §8.4). A second challenge type with another label before the name
/// (dns-account-01, draft-ietf-acme-dns-account-label) would be added here and in config::challenge_name.
struct Challenge {
  /// Its name in the protocol.
  static constexpr std::string_view type = acme::dns_01;

  /// Where the record for `domain` belongs; the same for a wildcard and its base domain.
  static dns::Name name_for(std::string_view domain);

  /// `domain`: without "*.". `key_authorization`: of the challenge's token (RFC 8555 §8.1).
  Challenge(std::string domain, std::string key_authorization);

  dns::Name name;
  std::string value;  ///< unquoted
  providers::Origin origin;
};

}  // namespace acmed::issue
