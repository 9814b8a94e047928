// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "dns/message.h"
#include "dns/name.h"

namespace acmed::providers {

/// The names that a sentence about an update mentions.
struct Parties {
  std::string provider;  ///< NAME of [provider.NAME]
  std::string server;    ///< as configured
  std::string key;       ///< the TSIG key's name; empty when updates are not signed
};

/// A change that the server did not make, though it would make others.
struct Refusal {
  dns::Name name;
  std::size_t values = 1;  ///< how many were to be changed there
  dns::Rcode rcode = dns::Rcode::refused;
  dns::Type type = dns::Type::txt;  ///< of the records
};

/// Whether an UPDATE with this answer may go through without one of its names.
bool may_concern_one_name(dns::Rcode rcode);

/// Throws what an answer other than NOERROR to an UPDATE of `zone`, for `name` and others, means (RFC 2136 §3, in
/// practice), and how to mend it. For those rcodes that concern single names, see throw_for_names.
[[noreturn]] void throw_for_zone(dns::Rcode rcode, const Parties& parties, const dns::Name& zone,
                                 const dns::Name& name);

/// Throws SomeFailed for names that could not be changed while others were.
[[noreturn]] void throw_for_names(const std::vector<Refusal>& refusals, const Parties& parties, const dns::Name& zone);

}  // namespace acmed::providers
