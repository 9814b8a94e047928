// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>

#include "providers/route53/credentials.h"

namespace acmed::providers::route53 {

/// The value of a variable of the environment; empty when it is not set.
using Environment = std::function<std::string(const std::string& name)>;

/// The process' own.
std::string from_process(const std::string& name);

/// AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN.
class EnvironmentKeys final : public Source {
 public:
  explicit EnvironmentKeys(Environment environment) : environment_(std::move(environment)) {}

  Task<std::optional<Credentials>> find() override;
  std::string place() const override { return "the environment (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY)"; }

 private:
  Environment environment_;
};

}  // namespace acmed::providers::route53
