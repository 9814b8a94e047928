// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "daemon/acme/resources.h"
#include "dns/name.h"
#include "providers/provider.h"

namespace acmed::issue {

/// The TXT record that answers a challenge (RFC 8555 §8.4). A second type with another label before the name
/// (dns-account-01, draft-ietf-acme-dns-account-label) enters here and at config::challenge_name.
struct Challenge {
  /// What the CA calls it.
  static constexpr std::string_view type = acme::dns_01;

  /// Where the record for `domain` stands: a wildcard's stands where that of the name under it does.
  static dns::Name name_for(std::string_view domain);

  /// `domain`: without "*.". `key_authorization`: of the challenge's token (RFC 8555 §8.1).
  Challenge(std::string domain, std::string key_authorization);

  dns::Name name;
  std::string value;  ///< unquoted
  providers::Origin origin;
};

}  // namespace acmed::issue
