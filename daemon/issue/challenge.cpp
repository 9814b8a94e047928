// SPDX-License-Identifier: Apache-2.0
#include "daemon/issue/challenge.h"

#include <utility>

#include "base/crypto/digest.h"
#include "base/crypto/encoding.h"
#include "config/names.h"

namespace acmed::issue {

dns::Name Challenge::name_for(std::string_view domain) {
  return dns::Name(config::challenge_name(domain));
}

Challenge::Challenge(std::string domain, std::string key_authorization)
    : name(name_for(domain)),
      value(crypto::base64url(crypto::sha256(key_authorization))),
      origin{std::move(domain), std::move(key_authorization)} {}

}  // namespace acmed::issue
