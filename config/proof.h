// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/config.h"
#include "config/reader.h"

/// How a certificate's names are proved: its keys `challenge` and `persist_for`.
namespace acmed::config {

/// Without `challenge`: dns-01, and others where a CA offers no dns-01.
Challenges usual_challenges();

/// Reads `challenge`; nothing when it is not there.
std::optional<Challenges> read_challenges(Reader& reader);

/// For how long a record of dns-persist-01 holds; none: for ever.
using PersistFor = std::optional<Duration>;
inline constexpr Duration usual_persist_for = std::chrono::hours(24 * 365);

/// Reads `persist_for`; nothing when it is not there.
std::optional<PersistFor> read_persist_for(Reader& reader);

/// Why none of `challenges` can prove `name`, a certificate's name, by the providers of `config`; empty when one can.
std::string fault_of_proof(const std::string& name, const Challenges& challenges, const Config& config);

/// Those of `challenges` that can prove each of `names`; all when none can, which is a fault of one of the names.
Challenges answerable(const Challenges& challenges, const std::vector<std::string>& names, const Config& config);

}  // namespace acmed::config
