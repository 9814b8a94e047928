// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/runtime/task.h"
#include "dns/discovery.h"

namespace acmed::issue {

/// What a name server shows of the TLSA records (RFC 6698) at a name.
struct TlsaLook {
  dns::Server server;
  /// As TlsaValue::value; nothing when it gives no authoritative answer.
  std::optional<std::set<std::string>> values;
  std::chrono::seconds ttl{};  ///< the longest of the records', a day at most
  std::string said;            ///< its answer, for people
};

/// Asks each server of `location` once, side by side.
Task<std::vector<TlsaLook>> look_at_tlsa(dns::Name name, dns::Location location);

}  // namespace acmed::issue
