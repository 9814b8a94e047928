// SPDX-License-Identifier: Apache-2.0
#include "providers/route53/environment.h"

#include <cstdlib>

namespace acmed::providers::route53 {

std::string from_process(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return value == nullptr ? "" : value;
}

Task<std::optional<Credentials>> EnvironmentKeys::find() {
  Credentials found;
  found.key_id = environment_("AWS_ACCESS_KEY_ID");
  found.secret_key = Secret(environment_("AWS_SECRET_ACCESS_KEY"));
  found.session_token = Secret(environment_("AWS_SESSION_TOKEN"));
  found.origin = "the environment";
  if (found.key_id.empty() && found.secret_key.empty()) co_return std::nullopt;
  if (found.key_id.empty() || found.secret_key.empty()) {
    throw Refused("aws:credentials",
                  "the environment has only one of AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY: set both or neither");
  }
  co_return found;
}

}  // namespace acmed::providers::route53
