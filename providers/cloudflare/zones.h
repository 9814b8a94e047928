// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "dns/lookups.h"
#include "dns/name.h"
#include "providers/cloudflare/api.h"
#include "providers/provider.h"

namespace acmed::providers::cloudflare {

/// A domain name as Cloudflare writes it, which is in Unicode at times; nothing when it is none.
std::optional<dns::Name> read_name(std::string_view text);

/// Whether it may be one of Cloudflare's identifiers, which are 32 hexadecimal digits so far, and can stand in a path.
bool is_id(std::string_view text);

/// Cause of the Refused for a name that no zone holds which the token sees.
inline constexpr const char* no_zone = "cloudflare:no-zone";
/// Cause of the Refused for a name whose zones are not served from what is written at Cloudflare.
inline constexpr const char* zone_status = "cloudflare:zone-status";

/// The zones that a token may read: one listing serves all names that are asked for within a minute.
class Zones {
 public:
  /// `provider`: NAME of [provider.NAME]. `token`: the key there of what `api` uses. `configured`: the provider's
  /// zones. `api` must outlive this.
  Zones(std::string provider, std::string token, std::vector<dns::Name> configured, Api& api, const Clock& clock);

  /// The longest zone that holds `name` and that Cloudflare's name servers serve to the world from what is written
  /// there. Throws Refused when there is none though `name` is in one of the configured zones, with what is the matter
  /// with those that it has, and as the API does.
  Task<std::optional<Zone>> zone_of(dns::Name name);

  void forget() { lists_.forget(); }

 private:
  struct Listed {
    Zone zone;
    std::string status;        ///< "active", else how far Cloudflare is with it
    std::string type;          ///< "full"; or "partial", "secondary", "internal"
    std::string name_servers;  ///< those that Cloudflare gave it, for sentences; empty where it tells none
  };
  using List = std::vector<Listed>;

  static bool is_served(const Listed& listed);
  static std::string trouble_with(const Listed& listed);
  Task<List> list();
  Task<List> list_by_name(Answer refusal);
  static void append(List& list, const json::Value& zones);
  [[noreturn]] void throw_for_list(const Answer& refusal) const;
  [[noreturn]] void throw_without_zone(const dns::Name& name, const Listed* unserved) const;

  std::string provider_;
  std::string token_;
  std::vector<dns::Name> configured_;
  Api& api_;
  dns::Lookups<std::monostate, List> lists_;
};

}  // namespace acmed::providers::cloudflare
