// SPDX-License-Identifier: Apache-2.0
#include "providers/route53/web_identity.h"

#include <fmt/format.h>

#include "providers/route53/secret_file.h"

namespace acmed::providers::route53 {

Task<Credentials> by_web_identity(Sts* sts, Role role, std::string token_file) {
  auto token = co_await read_secret_file(token_file);
  if (!token) {
    throw Refused("aws:credentials",
                  fmt::format("the token for the role {} is missing: there is no file {}", role.arn, token_file));
  }
  co_return co_await sts->assume_with_web_identity(std::move(role), *token);
}

Task<std::optional<Credentials>> WebIdentity::find() {
  const auto file = environment_("AWS_WEB_IDENTITY_TOKEN_FILE");
  const auto role = environment_("AWS_ROLE_ARN");
  if (file.empty() || role.empty()) co_return std::nullopt;
  co_return co_await by_web_identity(&sts_, {role, environment_("AWS_ROLE_SESSION_NAME"), {}}, file);
}

}  // namespace acmed::providers::route53
