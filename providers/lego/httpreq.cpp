// SPDX-License-Identifier: Apache-2.0
#include "providers/lego/httpreq.h"

#include <fmt/format.h>

#include "base/crypto/encoding.h"
#include "base/json.h"
#include "providers/kit/causes.h"

namespace acmed::providers {
namespace {

constexpr std::size_t longest_quote = 200;
constexpr std::size_t longest_url = 200;
constexpr Duration usual_throttle = std::chrono::minutes(1);
constexpr int first_redirection = 300;
constexpr int first_refusal = 400;

/// base64 of USER:PASSWORD (RFC 7617 §2).
SecretSource credentials_of(const config::LegoHttpreq& settings) {
  return settings.password.changed_by([user = settings.username](const Secret& password) {
    return Secret(crypto::base64(user + ":" + password.reveal()));
  });
}

HttpApi::Settings api_of(const config::LegoHttpreq& settings) {
  const auto credentials = credentials_of(settings);
  HttpApi::Settings api{
      .who = settings.endpoint, .url = settings.endpoint, .secrets = {settings.password, credentials}};
  if (!settings.username.empty()) {
    api.credentials.emplace_back(
        "Authorization", credentials.changed_by([](const Secret& both) { return Secret("Basic " + both.reveal()); }));
  }
  api.limit = settings.timeout;
  api.usual_pause = usual_throttle;
  return api;
}

}  // namespace

LegoHttpreq::LegoHttpreq(const config::Provider& configured, const config::LegoHttpreq& settings, Loop& loop,
                         dns::Discovery& discovery)
    : LegoBridge(configured, settings.mode, discovery),
      http_(loop, {.extra_trust_pem = settings.trust_pem, .allow_plain_http = true}),
      api_(api_of(settings), http_, loop.clock()) {}

Task<> LegoHttpreq::call(TxtChange change) {
  const auto path = fmt::format("/{}", verb(change));
  const auto response = co_await api_.send("POST", path, body_for(change));
  if (response.status < first_redirection) co_return;
  const auto said = api_.words().line(response.body, longest_quote);
  api_.throw_failure(response, fmt::format("{}{} answered {} for {}{}{}", api_.url(), path, response.status,
                                           change.name.text(), said.empty() ? "" : ": " + said, mend(response)));
}

json::Value LegoHttpreq::body_for(const TxtChange& change) const {
  const auto words = words_for(change);
  if (!is_raw()) return json::Object{{"fqdn", words[0]}, {"value", words[1]}};
  return json::Object{{"domain", words[0]}, {"token", words[1]}, {"keyAuth", words[2]}};
}

std::string LegoHttpreq::mend(const http::Response& response) const {
  switch (response.status) {
    case 401:
      return fmt::format(". Look at username and password of [provider.{}]", name());
    case 403:
      return ". Allow the user to change this name there";
    case 404:
    case 405:
      return fmt::format(". Look at endpoint of [provider.{}]", name());
    default:
      break;
  }
  if (response.status >= first_refusal) return {};
  const auto elsewhere = api_.words().line(response.header("location").value_or("elsewhere"), longest_url);
  return fmt::format(", which leads to {}. Name the right URL as endpoint of [provider.{}]", elsewhere, name());
}

LegoBridge::Concerns LegoHttpreq::concerns(const Error& failure) const {
  const auto& said = failure.cause();
  if (said == cause::of_status(401) || said == cause::of_status(429) || said.starts_with(cause::of_tls)) {
    return Concerns::all;
  }
  const bool nobody_there = said.starts_with(cause::of_transport) || said == cause::of_status(502) ||
                            said == cause::of_status(503) || said == cause::of_status(504);
  return nobody_there ? Concerns::perhaps_all : Concerns::nobody_else;
}

}  // namespace acmed::providers
