// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/http/client.h"
#include "providers/route53/environment.h"

namespace acmed::providers::route53 {

/// The metadata service of an EC2 instance (IMDSv2): the role that the instance has.
class Instance final : public Source {
 public:
  /// `http` asks without a proxy and connects in short time; it must outlive this.
  Instance(Environment environment, http::Client& http) : environment_(std::move(environment)), http_(http) {}

  /// Nothing where nobody answers, or nobody who is that service, or the instance has no role.
  Task<std::optional<Credentials>> find() override;
  std::string place() const override;

 private:
  std::string url() const;
  Task<std::string> token();
  Task<std::string> get(std::string path, std::string token);

  Environment environment_;
  http::Client& http_;
  std::string said_;  ///< what the latest attempt found, for place()
};

}  // namespace acmed::providers::route53
