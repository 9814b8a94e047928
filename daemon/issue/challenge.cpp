// SPDX-License-Identifier: Apache-2.0
#include "daemon/issue/challenge.h"

#include <utility>

#include "base/crypto/digest.h"
#include "base/crypto/encoding.h"

namespace acmed::issue {

Challenge Challenge::of_token(config::ChallengeType type, std::string domain, std::string key_authorization,
                              std::string_view account_url) {
  dns::Name name(config::challenge_name(type, domain, account_url));
  auto value = crypto::base64url(crypto::sha256(key_authorization));
  return {type, std::move(name), std::move(value), providers::Origin{std::move(domain), std::move(key_authorization)}};
}

Challenge Challenge::of_record(std::string_view domain, std::string value) {
  constexpr auto type = config::ChallengeType::dns_persist_01;
  return {type, dns::Name(config::challenge_name(type, domain, {})), std::move(value), std::nullopt};
}

}  // namespace acmed::issue
