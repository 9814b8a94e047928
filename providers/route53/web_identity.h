// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "providers/route53/environment.h"
#include "providers/route53/sts.h"

namespace acmed::providers::route53 {

/// The role `role` by the token in the file `token_file`, which is read anew each time: who writes it renews it.
Task<Credentials> by_web_identity(Sts* sts, Role role, std::string token_file);

/// AWS_WEB_IDENTITY_TOKEN_FILE and AWS_ROLE_ARN, as EKS sets them.
class WebIdentity final : public Source {
 public:
  /// `sts` must outlive this.
  WebIdentity(Environment environment, Sts& sts) : environment_(std::move(environment)), sts_(sts) {}

  Task<std::optional<Credentials>> find() override;
  std::string place() const override { return "web identity (AWS_WEB_IDENTITY_TOKEN_FILE, AWS_ROLE_ARN)"; }

 private:
  Environment environment_;
  Sts& sts_;
};

}  // namespace acmed::providers::route53
