// SPDX-License-Identifier: Apache-2.0
#include "providers/lego/httpreq.h"

#include <fmt/format.h>

#include "base/crypto/encoding.h"
#include "base/json.h"

namespace acmed::providers {
namespace {

constexpr std::size_t longest_quote = 200;
constexpr std::size_t longest_url = 200;
constexpr Duration usual_throttle = std::chrono::minutes(1);
constexpr int redirections = 300;
constexpr int refusals = 400;

}  // namespace

LegoHttpreq::LegoHttpreq(const config::Provider& configured, const config::LegoHttpreq& settings, Loop& loop,
                         dns::Discovery& discovery)
    : LegoBridge(configured, settings.mode, discovery),
      clock_(loop.clock()),
      settings_(settings),
      credentials_(crypto::base64(settings.username + ":" + settings.password.reveal())),
      words_({settings.password, credentials_}),
      http_(loop, {fmt::format("acmed/{} libcurl", ACMED_VERSION), settings.trust_pem, true}) {}

Task<> LegoHttpreq::call(TxtChange change) {
  const auto url = fmt::format("{}/{}", settings_.endpoint, verb(change));
  const auto response = co_await post(url, body_for(change));
  if (response.status >= redirections) throw refusal(response, change, url);
}

std::string LegoHttpreq::body_for(const TxtChange& change) const {
  const auto words = words_for(change);
  if (!is_raw()) return json::dump(json::Object{{"fqdn", words[0]}, {"value", words[1]}});
  return json::dump(json::Object{{"domain", words[0]}, {"token", words[1]}, {"keyAuth", words[2]}});
}

Task<http::Response> LegoHttpreq::post(std::string url, std::string body) {
  http::Request request;
  request.method = "POST";
  request.url = std::move(url);
  request.headers = {{"Content-Type", "application/json"}};
  if (!settings_.username.empty()) request.headers.emplace_back("Authorization", "Basic " + credentials_.reveal());
  request.body = std::move(body);
  request.limit = settings_.timeout;
  co_return co_await http_.send(std::move(request));
}

Error LegoHttpreq::refusal(const http::Response& response, const TxtChange& change, const std::string& url) const {
  const auto cause = fmt::format("http:{}", response.status);
  const auto said = words_.line(response.body, longest_quote);
  const auto what =
      fmt::format("{} answered {} for {}{}", url, response.status, change.name.text(), said.empty() ? "" : ": " + said);
  const auto not_before = response.retry_after(clock_.now(), longest_pause);
  switch (response.status) {
    case 401:
      return Refused(cause, fmt::format("{}. Look at username and password of [provider.{}]", what, name()));
    case 403:
      return Refused(cause, fmt::format("{}. Allow the user to change this name there", what));
    case 404:
    case 405:
      return Refused(cause, fmt::format("{}. Look at endpoint of [provider.{}]", what, name()));
    case 429:
      return Throttled(cause, what, not_before.value_or(clock_.now() + usual_throttle));
    default:
      break;
  }
  if (response.status < refusals) {
    const auto elsewhere = words_.line(response.header("location").value_or("elsewhere"), longest_url);
    return Refused(cause, fmt::format("{}, which leads to {}. Name the right URL as endpoint of [provider.{}]", what,
                                      elsewhere, name()));
  }
  if (response.status >= 500) return Retry(cause, what, not_before);
  return Refused(cause, what);
}

LegoBridge::Concerns LegoHttpreq::concerns(const Error& failure) const {
  const auto& cause = failure.cause();
  if (cause == "http:401" || cause == "http:429" || cause.starts_with("tls:")) return Concerns::all;
  return cause.starts_with("curl:") || cause == "http:503" ? Concerns::perhaps_all : Concerns::nobody_else;
}

}  // namespace acmed::providers
