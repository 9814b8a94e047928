// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <type_traits>
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
  bool told = false;            ///< it is known: a key for single zones, as PowerDNS-Admin gives, may not ask for it
  bool extends = false;         ///< it has the change types EXTEND and PRUNE
  bool shows_disabled = false;  ///< a look at one name gives the disabled records too
};

/// The calls of a PowerDNS server's HTTP API (its API v1), one exchange each. Their errors are sentences with the
/// provider and the zone: Refused for what the operator has to mend, Retry for what may pass, Throttled on 429.
class PowerDnsApi {
 public:
  /// `provider`: its name in the configuration, for the sentences.
  PowerDnsApi(std::string provider, config::PowerDns configured, Loop& loop);

  /// Throws Refused for another daemon than the authoritative server, such as the recursor.
  Task<PowerDnsAbilities> abilities();

  /// All zones; nothing when they are too many for one answer, or take the server more than a few seconds.
  Task<std::optional<std::vector<PowerDnsZone>>> zones();
  /// The zone of exactly that name, if there is one.
  Task<std::optional<PowerDnsZone>> zone(dns::Name apex);

  /// The records of a type at a name of the zone. Older servers leave the disabled ones out.
  Task<TxtSet> set(Zone zone, dns::Name name, dns::Type type);
  /// Whether the server's search finds records: a key for single zones may not search, and before version 5.0 some
  /// backends, such as LMDB, find nothing, without a word. Asks once.
  Task<bool> searches(Zone zone);
  /// Searches the disabled records of a type at a name of the zone.
  Task<TxtSet> disabled_set(Zone zone, dns::Name name, dns::Type type);
  /// The disabled records of a type in the whole zone; nothing when it is too large to be read at once.
  Task<std::optional<std::map<dns::Name, TxtSet>>> disabled_sets(Zone zone, dns::Type type);

  /// Makes the changes of `rrsets` in one transaction. Gives why the server refuses them, in its words, when it does:
  /// then none was made.
  Task<std::optional<std::string>> patch(Zone zone, json::Array rrsets);

  void rest() {
    http_.rest();
    searches_.reset();
  }

  /// "PowerDNS at URL", the beginning of every sentence.
  const std::string& opening() const noexcept { return api_.who(); }

 private:
  /// What a call is about, for sentences.
  enum class About { server, zone };

  Task<http::Response> exchange(std::string method, std::string path, std::optional<json::Value> body);
  /// What `read` makes of the answer: on a worker thread where that takes long.
  template <class Read>
  Task<std::invoke_result_t<Read, const json::Value&>> get(std::string path, About about, std::string subject,
                                                           Read read);
  template <class Read>
  Task<std::invoke_result_t<Read, const json::Value&>> read_from(http::Response response, Read read);
  json::Value answer_in(const http::Response& response) const;
  HttpApi::Settings settings() const;
  [[noreturn]] void throw_for(const http::Response& response, About about, const std::string& subject) const;

  std::string provider_;
  config::PowerDns configured_;
  http::Client http_;
  HttpApi api_;
  HttpApi quick_api_;  ///< for what is given up when it takes its time
  std::optional<bool> searches_;
};

}  // namespace acmed::providers
