// SPDX-License-Identifier: Apache-2.0
#include "providers/route53/sts.h"

#include <fmt/format.h>

namespace acmed::providers::route53 {
namespace {

// What every role allows; what chained roles are cut to.
constexpr const char* session_seconds = "3600";

}  // namespace

Task<Credentials> Sts::assume(Role role, Credentials by) {
  Pairs form;
  if (!role.external_id.empty()) form.emplace_back("ExternalId", role.external_id);
  return ask(std::move(role), "AssumeRole", std::move(form), std::move(by));
}

Task<Credentials> Sts::assume_with_web_identity(Role role, const Secret& token) {
  Pairs form{{"WebIdentityToken", token.reveal()}};
  return ask(std::move(role), "AssumeRoleWithWebIdentity", std::move(form), std::nullopt, {token});
}

Task<Credentials> Sts::ask(Role role, std::string action, Pairs form, std::optional<Credentials> by,
                           std::vector<Secret> secrets) {
  form.emplace_back("Action", action);
  form.emplace_back("Version", "2011-06-15");
  form.emplace_back("RoleArn", role.arn);
  form.emplace_back("RoleSessionName", role.session_name.empty() ? "acmed" : role.session_name);
  form.emplace_back("DurationSeconds", session_seconds);
  const Call call{"POST",
                  "/",
                  {},
                  {{"content-type", "application/x-www-form-urlencoded; charset=utf-8"}},
                  query_text(form),
                  std::move(secrets)};
  const Purpose purpose{
      fmt::format("take on the role {}", role.arn),
      fmt::format(
          "allow sts:{} on it in their IAM policy and in the role's trust policy, and give the external id that "
          "the role wants",
          action),
      action + "Response"};
  auto answer = co_await service_.send(call, purpose, by, {});
  const auto document = result_in(answer.document);
  const auto& given = document[action + "Result"]["Credentials"];
  Credentials credentials;
  credentials.key_id = given["AccessKeyId"].text;
  credentials.secret_key = Secret(given["SecretAccessKey"].text);
  credentials.session_token = Secret(given["SessionToken"].text);
  credentials.expires = parse_rfc3339(given["Expiration"].text);
  credentials.origin = "role " + role.arn;
  if (credentials.key_id.empty() || credentials.secret_key.empty() || !credentials.expires) {
    throw Retry("aws:answer", fmt::format("cannot {}: AWS' answer has no credentials in it", purpose.doing));
  }
  co_return credentials;
}

}  // namespace acmed::providers::route53
