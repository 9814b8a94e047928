// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "providers/provider.h"

namespace acmed::providers {

/// One TXT record in PowerDNS's hands.
struct PowerDnsTxt {
  std::string content;    ///< as PowerDNS writes it, with quotes
  bool disabled = false;  ///< kept by an administrator, not served

  friend bool operator==(const PowerDnsTxt&, const PowerDnsTxt&) = default;
};

/// All TXT records at one name, as the API reads and replaces them: a whole set at a time.
struct PowerDnsTxtSet {
  std::optional<std::int64_t> ttl;  ///< seconds; none while there is no record
  std::vector<PowerDnsTxt> records;

  friend bool operator==(const PowerDnsTxtSet&, const PowerDnsTxtSet&) = default;

  bool has_disabled() const;
  /// Adds or removes the value. Other values, disabled records and the TTL of what is there stay as they are.
  void make(const TxtChange& change);
};

/// The elements of a PATCH's `rrsets` that turn the set at `name` from `before` to `after`: one REPLACE of the whole,
/// or, when the server `extends`, one EXTEND or PRUNE for each record, which spares others' newer records.
json::Array patch_of(const dns::Name& name, const PowerDnsTxtSet& before, const PowerDnsTxtSet& after, bool extends);

}  // namespace acmed::providers
