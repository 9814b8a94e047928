// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/http/client.h"
#include "config/config.h"
#include "providers/kit/http_api.h"

namespace acmed::providers {

/// Cause of the Refused for an account that the server does not take: an unknown one, or one with a wrong password or
/// from an address that it does not allow. The server does not say which.
inline constexpr const char* refuses_account = "http:401";

/// The calls of an acme-dns server's HTTP API, one exchange each. Their errors are sentences with the provider: Refused
/// for what the operator has to mend, Retry for what may pass, Throttled on 429.
class AcmeDnsApi {
 public:
  /// `provider`: its name in the configuration, for the sentences.
  AcmeDnsApi(std::string provider, const config::AcmeDns& configured, Loop& loop);

  /// Makes a new account, for that domain as far as we are concerned: the server does not hear of it.
  Task<config::AcmeDnsAccount> register_account(std::string domain);

  /// Writes a value; it replaces the older of the account's two. Sent once: it is not known what was done when no
  /// answer comes.
  Task<> update(config::AcmeDnsAccount account, std::string value);

  /// Looks whether the server works.
  Task<> check_health();

  void rest() { http_.rest(); }

  /// "acme-dns at URL", the beginning of every sentence.
  const std::string& opening() const noexcept { return api_.who(); }

 private:
  [[noreturn]] void throw_for(const http::Response& response, const Secret& told) const;

  std::string provider_;
  std::vector<std::string> allow_from_;
  http::Client http_;
  HttpApi api_;
};

}  // namespace acmed::providers
