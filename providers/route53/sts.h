// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "providers/route53/service.h"

namespace acmed::providers::route53 {

/// A role to be taken on.
struct Role {
  std::string arn;
  std::string session_name;  ///< by what AWS' logs tell who took it on; "acmed" when empty
  std::string external_id;   ///< what the role's owner wants to be told; empty for nothing
};

/// AWS' Security Token Service: gives credentials that end by themselves.
class Sts {
 public:
  /// `http` must outlive this.
  Sts(const Loop& loop, http::Client& http, const std::string& url, const std::string& region)
      : service_(loop, http, url, {region, "sts"}) {}

  /// Throws Error.
  Task<Credentials> assume(Role role, Credentials by);

  /// By a token that an identity provider signed, such as Kubernetes: such a call is not signed by us.
  Task<Credentials> assume_with_web_identity(Role role, const Secret& token);

 private:
  Task<Credentials> ask(Role role, std::string action, Pairs form, std::optional<Credentials> by,
                        std::vector<Secret> secrets = {});

  Service service_;
};

}  // namespace acmed::providers::route53
