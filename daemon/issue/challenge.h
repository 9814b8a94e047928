// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "config/challenge.h"
#include "dns/name.h"
#include "providers/provider.h"

namespace acmed::issue {

/// The TXT record that answers a challenge.
struct Challenge {
  /// For dns-01 and dns-account-01: the digest of a key authorization (RFC 8555 §8.4). `domain`: without "*.".
  /// `key_authorization`: of the challenge's token (§8.1). `account_url`: matters to dns-account-01 alone.
  static Challenge of_token(config::ChallengeType type, std::string domain, std::string key_authorization,
                            std::string_view account_url);

  /// For dns-persist-01: the value is issue::Persistence's, for as long as it stands.
  static Challenge of_record(std::string_view domain, std::string value);

  /// Whether the record is to stay in the DNS after the CA has seen it.
  bool stays() const noexcept { return type == config::ChallengeType::dns_persist_01; }

  config::ChallengeType type;
  dns::Name name;
  std::string value;                        ///< unquoted
  std::optional<providers::Origin> origin;  ///< of those made from a token
};

}  // namespace acmed::issue
