// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <set>
#include <string>

#include "dns/exchange.h"

namespace acmed::dns {

/// What one answer to a question about TXT or TLSA says of the values that are waited for.
struct Verdict {
  bool ready = false;
  bool is_told = false;  ///< by a server that serves the zone: no silence, no failure
  std::string text;      ///< as ServerReport::last_answer
  std::string beside{};  ///< as ServerReport::beside
};

/// Ready is an authoritative answer with every value, be it cut short after them; values of others beside ours do not
/// matter.
Verdict judge(const Reply& reply, const Name& name, const std::set<std::string>& values);

}  // namespace acmed::dns
