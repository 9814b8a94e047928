// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "providers/route53/keychain.h"
#include "providers/route53/service.h"

namespace acmed::providers::route53 {

/// The API of Route 53 (2013-04-01), signed with what the keychain has.
class Api {
 public:
  /// `http` and `keychain` must outlive this.
  Api(const config::Route53& configured, const Loop& loop, http::Client& http, Keychain& keychain);

  /// As Service::send, for a path below /2013-04-01.
  Task<Answer> send(Call call, Purpose purpose, std::vector<std::string> outcomes);
  /// The document that answers such a call. Throws Error for every error.
  Task<xml::Element> get(std::string path, Pairs query, Purpose purpose);

  /// "allow PERMISSION on ARN in their IAM policy". `resource`: what stands after "arn:aws:route53:::"; empty for "*".
  std::string allowing(const std::string& permission, const std::string& resource) const;

 private:
  const Clock& clock_;
  Keychain& keychain_;
  Service service_;
  std::string partition_;  ///< "aws", "aws-cn"
};

}  // namespace acmed::providers::route53
