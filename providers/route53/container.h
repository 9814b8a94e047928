// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/http/client.h"
#include "providers/route53/environment.h"

namespace acmed::providers::route53 {

/// The endpoint that ECS and EKS name to their containers: AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or ..._FULL_URI.
class Container final : public Source {
 public:
  /// `http` asks without a proxy; it must outlive this.
  Container(Environment environment, const Loop& loop, http::Client& http)
      : environment_(std::move(environment)), clock_(loop.clock()), http_(http) {}

  /// Throws Refused for a URL that could bring the token to a stranger.
  Task<std::optional<Credentials>> find() override;
  std::string place() const override {
    return "the container's endpoint (AWS_CONTAINER_CREDENTIALS_RELATIVE_URI, AWS_CONTAINER_CREDENTIALS_FULL_URI)";
  }

 private:
  std::string url() const;
  Task<Secret> token();

  Environment environment_;
  const Clock& clock_;
  http::Client& http_;
};

/// Whether a token may be sent to `url`: by https, or to this host, or to the addresses that AWS gives such endpoints.
bool may_get_token(const std::string& url);

}  // namespace acmed::providers::route53
