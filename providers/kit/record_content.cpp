// SPDX-License-Identifier: Apache-2.0
#include "providers/kit/record_content.h"

#include "dns/tlsa.h"

namespace acmed::providers {

std::string_view type_text(dns::Type type) {
  return type == dns::Type::tlsa ? "TLSA" : "TXT";
}

std::string record_content(const TxtChange& change, Escapes escapes) {
  return change.type == dns::Type::tlsa ? change.value : quoted_string(change.value, escapes);
}

bool is_record(std::string_view content, const TxtChange& change, Escapes escapes) {
  if (change.type != dns::Type::tlsa) return is_text(content, change.value, escapes);
  const auto octets = dns::tlsa_octets(content);
  return octets && octets == dns::tlsa_octets(change.value);
}

}  // namespace acmed::providers
