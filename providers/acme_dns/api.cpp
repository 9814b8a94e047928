// SPDX-License-Identifier: Apache-2.0
#include "providers/acme_dns/api.h"

#include <fmt/format.h>

#include "base/json.h"
#include "dns/name.h"
#include "providers/kit/foreign_words.h"
#include "providers/provider.h"

namespace acmed::providers {
namespace {

constexpr Duration call_limit = std::chrono::seconds(20);
constexpr std::size_t most_shown = 200;  // octets of what the server says

/// What the server says: {"error": "..."}, or plain text. It may repeat what it was told.
std::string words_in(const http::Response& response, const Secret& told) {
  const auto answer = json::parse(response.body).value_or(json::Value());
  return ForeignWords({told}).line(answer["error"].text_or(response.body), most_shown);
}

/// The account in an answer to /register; nothing when it is none.
std::optional<config::AcmeDnsAccount> account_in(const std::string& body) {
  const auto answer = json::parse(body).value_or(json::Value());
  const auto full_domain = dns::Name::parse(answer["fulldomain"].text_or());
  config::AcmeDnsAccount account{{},
                                 full_domain ? full_domain->text() : std::string(),
                                 answer["subdomain"].text_or(),
                                 answer["username"].text_or(),
                                 Secret(answer["password"].text_or())};
  if (account.full_domain.empty() || account.subdomain.empty() || account.user_name.empty() ||
      account.password.empty()) {
    return std::nullopt;
  }
  return account;
}

}  // namespace

AcmeDnsApi::AcmeDnsApi(std::string provider, const config::AcmeDns& configured, Loop& loop)
    : provider_(std::move(provider)),
      url_(configured.url),
      allow_from_(configured.allow_from),
      clock_(loop.clock()),
      http_(loop, {fmt::format("acmed/{}", ACMED_VERSION), configured.trust_pem, true}) {}

std::string AcmeDnsApi::opening() const {
  return "acme-dns at " + url_;
}

Task<config::AcmeDnsAccount> AcmeDnsApi::register_account(std::string domain) {
  json::Object wish;
  if (!allow_from_.empty()) wish["allowfrom"] = json::Array(allow_from_.begin(), allow_from_.end());
  http::Request request{
      "POST", url_ + "/register", {{"Content-Type", "application/json"}}, json::dump(wish), call_limit};
  const auto response = co_await http_.send(std::move(request));
  if (response.status == 404) {
    throw Refused("http:404",
                  fmt::format("{} takes no registrations: register an account for {} on the server and name "
                              "it in accounts of [provider.{}]",
                              opening(), domain, provider_));
  }
  if (response.status != 201 && response.status != 200) throw_for(response, {});
  auto account = account_in(response.body);
  if (!account) {
    throw Retry("acme-dns:answer", fmt::format("{} answered what is no account: look at whether url is that of an "
                                               "acme-dns server",
                                               opening()));
  }
  account->domain = std::move(domain);
  co_return *std::move(account);
}

Task<> AcmeDnsApi::update(config::AcmeDnsAccount account, std::string value) {
  auto body = json::dump(json::Object{{"subdomain", account.subdomain}, {"txt", value}});
  http::Request request{"POST",
                        url_ + "/update",
                        {{"Content-Type", "application/json"},
                         {"X-Api-User", account.user_name},
                         {"X-Api-Key", account.password.reveal()}},
                        std::move(body),
                        call_limit};
  const auto response = co_await http_.send(std::move(request));
  if (response.status == 200) {
    const auto answer = json::parse(response.body).value_or(json::Value());
    if (answer["txt"].text_or() == value) co_return;
    throw Retry("acme-dns:answer",
                fmt::format("{} answered the update of {} with something else: look at whether url is "
                            "that of an acme-dns server",
                            opening(), account.full_domain));
  }
  if (response.status == 401) {
    throw Refused("http:401", fmt::format("{} refuses the account of {} ({}): its username, password or subdomain is "
                                          "wrong, or its allowfrom does not hold this host's address",
                                          opening(), account.domain, account.full_domain));
  }
  if (response.status == 400) {
    throw Refused("http:400", fmt::format("{} does not take a value for {}: {}", opening(), account.full_domain,
                                          words_in(response, account.password)));
  }
  throw_for(response, account.password);
}

Task<> AcmeDnsApi::check_health() {
  http::Request request{"GET", url_ + "/health", {}, {}, call_limit};
  const auto response = co_await http_.send(std::move(request));
  if (response.status >= 500) throw_for(response, {});  // servers before 1.0 do not know the path
}

void AcmeDnsApi::throw_for(const http::Response& response, const Secret& told) const {
  const auto cause = fmt::format("http:{}", response.status);
  const auto until = response.retry_after(clock_.now(), longest_pause);
  if (response.status == 429) {
    throw Throttled(cause, fmt::format("{} wants fewer requests: {}", opening(), words_in(response, told)), until);
  }
  const auto sentence = fmt::format("{} answered {}: {}", opening(), response.status, words_in(response, told));
  if (response.status >= 400 && response.status < 500) throw Refused(cause, sentence + ". Look at url");
  throw Retry(cause, sentence, until);
}

}  // namespace acmed::providers
