// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "dns/name.h"
#include "providers/cloudflare/answer.h"
#include "providers/provider.h"

/// What Cloudflare's refusals mean, and how to mend them.
namespace acmed::providers::cloudflare {

enum class Request { list_zones, list_records, change_records };

/// What was asked for, which decides about the permission that it takes.
struct Asked {
  Request request = Request::change_records;
  std::string provider;  ///< NAME of [provider.NAME]
  std::string token;     ///< its key there
  std::string zone;      ///< or zones
  std::string zone_id;   ///< empty for several
};

/// The record is there already: an addition succeeded.
bool is_there_already(const Answer& refusal);

/// The record is not there: a removal succeeded, unless the record has another id by now.
bool is_not_there(const Answer& refusal);

/// There is no batch here: an older or a smaller service behind the URL.
bool lacks_batch(const Answer& refusal);

/// It is about the token or the zone, not about one of the records.
bool concerns_all(const Answer& refusal);

/// Throws Refused for a refusal that concerns all of a zone, or the zones as such.
[[noreturn]] void throw_for_all(const Answer& refusal, const Asked& asked);

/// For a record at `name` that was not changed, though others of the zone would be.
Refused refusal_of(const Answer& refusal, const dns::Name& name, const Zone& zone, dns::Type type);

}  // namespace acmed::providers::cloudflare
