// SPDX-License-Identifier: Apache-2.0
#include "providers/acme_dns/api.h"

#include <fmt/format.h>

#include "base/json.h"
#include "dns/name.h"

namespace acmed::providers {
namespace {

constexpr Duration call_limit = std::chrono::seconds(20);

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
      allow_from_(configured.allow_from),
      http_(loop, {.extra_trust_pem = configured.trust_pem, .allow_plain_http = true}),
      api_({.who = "acme-dns at " + configured.url, .url = configured.url, .limit = call_limit}, http_, loop.clock()) {}

Task<config::AcmeDnsAccount> AcmeDnsApi::register_account(std::string domain) {
  json::Object wish;
  if (!allow_from_.empty()) wish["allowfrom"] = json::Array(allow_from_.begin(), allow_from_.end());
  const auto response = co_await api_.send("POST", "/register", std::move(wish));
  if (response.status == 404) {
    throw Refused("http:404",
                  fmt::format("{} takes no registrations: register an account for {} on the server and name "
                              "it in accounts of [provider.{}]",
                              api_.who(), domain, provider_));
  }
  if (response.status != 201 && response.status != 200) throw_for(response, {});
  auto account = account_in(response.body);
  if (!account) {
    throw Retry("acme-dns:answer", fmt::format("{} answered what is no account: look at whether url is that of an "
                                               "acme-dns server",
                                               api_.who()));
  }
  account->domain = std::move(domain);
  co_return *std::move(account);
}

Task<> AcmeDnsApi::update(config::AcmeDnsAccount account, std::string value) {
  json::Object body{{"subdomain", account.subdomain}, {"txt", value}};
  HttpApi::Headers credentials{{"X-Api-User", Secret(account.user_name)}, {"X-Api-Key", account.password}};
  // A second update would push out the account's other value.
  const auto response =
      co_await api_.send("POST", "/update", std::move(body), std::move(credentials), HttpApi::Sending::once);
  if (response.status == 200) {
    const auto answer = json::parse(response.body).value_or(json::Value());
    if (answer["txt"].text_or() == value) co_return;
    throw Retry("acme-dns:answer",
                fmt::format("{} answered the update of {} with something else: look at whether url is "
                            "that of an acme-dns server",
                            api_.who(), account.full_domain));
  }
  if (response.status == 401) {
    throw Refused(refuses_account,
                  fmt::format("{} refuses the account of {} ({}): its username, password or subdomain is "
                              "wrong, or its allowfrom does not hold this host's address",
                              api_.who(), account.domain, account.full_domain));
  }
  if (response.status == 400) {
    throw Refused("http:400", fmt::format("{} does not take a value for {}: {}", api_.who(), account.full_domain,
                                          api_.words_in(response, account.password.latest())));
  }
  throw_for(response, account.password.latest());
}

Task<> AcmeDnsApi::check_health() {
  const auto response = co_await api_.send("GET", "/health");
  if (response.status >= 500) throw_for(response, {});  // servers before 1.0 do not know the path
}

void AcmeDnsApi::throw_for(const http::Response& response, const Secret& told) const {
  api_.throw_failure(response, told, response.status < 500 ? ". Look at url" : "");
}

}  // namespace acmed::providers
