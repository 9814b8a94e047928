// SPDX-License-Identifier: Apache-2.0
#include "providers/route53/credentials_json.h"

#include "base/json.h"

namespace acmed::providers::route53 {

std::optional<Credentials> credentials_in_json(const std::string& text) {
  const auto json = json::parse(text).value_or(json::Value());
  Credentials credentials;
  credentials.key_id = json["AccessKeyId"].text_or();
  credentials.secret_key = Secret(json["SecretAccessKey"].text_or());
  credentials.session_token = Secret(json["Token"].text_or());
  credentials.expires = parse_rfc3339(json["Expiration"].text_or());
  if (credentials.key_id.empty() || credentials.secret_key.empty() || !credentials.expires) return std::nullopt;
  return credentials;
}

}  // namespace acmed::providers::route53
