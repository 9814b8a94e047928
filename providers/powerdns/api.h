// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/http/client.h"
#include "config/config.h"
#include "providers/kit/http_api.h"
#include "providers/kit/rrset_provider.h"

namespace acmed::providers {

/// A zone as the API lists it.
struct PowerDnsZone {
  Zone zone;
  std::string kind;  ///< Native, Master, Primary, Slave, Secondary, Producer, Consumer
};

/// What a server can do; it differs with its version.
struct PowerDnsAbilities {
  bool extends = false;         ///< it has the change types EXTEND and PRUNE
  bool shows_disabled = false;  ///< a look at one name gives the disabled records too
};

/// The calls of a PowerDNS server's HTTP API (its API v1), one exchange each. Their errors are sentences with the
/// provider and the zone: Refused for what the operator has to mend, Retry for what may pass, Throttled on 429.
class PowerDnsApi {
 public:
  /// `provider`: its name in the configuration, for the sentences.
  PowerDnsApi(std::string provider, config::PowerDns configured, Loop& loop);

  Task<PowerDnsAbilities> abilities();

  /// All zones; nothing when they are too many for one answer.
  Task<std::optional<std::vector<PowerDnsZone>>> zones();
  /// The zone of exactly that name, if there is one.
  Task<std::optional<PowerDnsZone>> zone(dns::Name apex);

  /// The TXT records at a name of the zone. Older servers leave the disabled ones out.
  Task<TxtSet> txt_set(Zone zone, dns::Name name);
  /// Searches the disabled TXT records at a name of the zone.
  Task<TxtSet> disabled_txt_set(Zone zone, dns::Name name);

  /// Makes the changes of `rrsets` in one transaction. Gives why the server refuses them, in its words, when it does:
  /// then none was made.
  Task<std::optional<std::string>> patch(Zone zone, json::Array rrsets);

  void rest() { http_.rest(); }

  /// "PowerDNS at URL", the beginning of every sentence.
  const std::string& opening() const noexcept { return api_.who(); }

 private:
  /// What a call is about, for sentences.
  enum class About { server, zone };

  Task<http::Response> exchange(std::string method, std::string path, std::optional<json::Value> body);
  Task<http::Response> send(std::string method, std::string path, std::optional<json::Value> body);
  Task<json::Value> get(std::string path, About about, std::string subject);
  [[noreturn]] void throw_for(const http::Response& response, About about, const std::string& subject) const;

  std::string provider_;
  config::PowerDns configured_;
  http::Client http_;
  HttpApi api_;
};

}  // namespace acmed::providers
