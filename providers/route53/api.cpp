// SPDX-License-Identifier: Apache-2.0
#include "providers/route53/api.h"

#include <fmt/format.h>

namespace acmed::providers::route53 {
namespace {

constexpr const char* version = "/2013-04-01";

}  // namespace

Api::Api(const config::Route53& configured, const Loop& loop, http::Client& http, Keychain& keychain)
    : clock_(loop.clock()),
      keychain_(keychain),
      service_(loop, http, configured.url, {configured.region, "route53"}),
      partition_(configured.partition) {}

Task<Answer> Api::send(Call call, Purpose purpose, std::vector<std::string> outcomes) {
  call.path = version + call.path;
  auto with_expiry = outcomes;
  with_expiry.insert(with_expiry.end(), {"ExpiredToken", "ExpiredTokenException"});
  const auto first = co_await keychain_.get();
  auto answer = co_await service_.send(call, purpose, first, std::move(with_expiry));
  if (answer.document || !is_expired_session(answer.error)) co_return answer;
  keychain_.expired(first);
  const auto second = co_await keychain_.get();
  const bool same = second.key_id == first.key_id && second.session_token == first.session_token;
  if (same) throw_refusal(answer.error, purpose, &second, clock_.now());
  co_return co_await service_.send(call, purpose, second, std::move(outcomes));
}

Task<xml::Element> Api::get(std::string path, Pairs query, Purpose purpose) {
  auto answer = co_await send({"GET", std::move(path), std::move(query)}, std::move(purpose), {});
  co_return result_in(answer.document);
}

std::string Api::allowing(const std::string& permission, const std::string& resource) const {
  const auto on = resource.empty() ? "*" : fmt::format("arn:{}:route53:::{}", partition_, resource);
  return fmt::format("allow route53:{} on {} in their IAM policy", permission, on);
}

}  // namespace acmed::providers::route53
