// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/crypto/key.h"
#include "daemon/issue/authority.h"
#include "daemon/store/publisher.h"
#include "dns/propagation.h"

namespace acmed::issue {

/// How long and where to check propagation, by provider.
using Policies = std::map<std::string, dns::PropagationPolicy>;

/// A certificate that is wanted.
struct Request {
  std::string name;
  std::vector<std::string> domains;
  crypto::KeyType key_type = crypto::KeyType::ecdsa_p256;
  Authority* authority = nullptr;
  std::shared_ptr<const Policies> policies;  ///< null: the defaults; shared by many certificates
  store::KeyGroup key_group = std::nullopt;
  std::string preferred_chain = {};  ///< see Authority::certificate()
  Rare<config::Profile> profile{};   ///< none: the CA's
  config::Challenges challenges = {config::ChallengeType::dns_01};
  std::optional<Duration>
      persist_for{};         ///< for how long a record of dns-persist-01 says that it holds; none: for ever
  std::string delegation{};  ///< see config::Certificate

  Rare<crypto::TokenKey> key{};  ///< where its key stays; none: a new one is made for each certificate

  /// What to order by, there.
  config::Profile profile_at(const Authority& ca) const {
    if (profile) return *profile;
    return {ca.settings().profile.value_or(""), ca.settings().profile_required};
  }
  config::Profile wanted_profile() const { return profile_at(*authority); }
};

}  // namespace acmed::issue
