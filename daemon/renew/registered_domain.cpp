// SPDX-License-Identifier: Apache-2.0
#include "daemon/renew/registered_domain.h"

#include <libpsl.h>

#include <algorithm>

namespace acmed::renew {
namespace {

/// The newer of the list that came with the library and the one in the package `publicsuffix`. Null when there is
/// neither. CAs count by the whole list, domains of companies whose customers have names there included.
const psl_ctx_t* list() {
  static const psl_ctx_t* const latest = psl_latest(nullptr);
  return latest;
}

}  // namespace

std::string registered_domain(const std::string& name) {
  const auto host = name.starts_with("*.") ? name.substr(2) : name;
  const auto* found = list() == nullptr ? nullptr : psl_registrable_domain(list(), host.c_str());
  return found == nullptr ? host : std::string(found);
}

std::vector<std::string> registered_domains(const std::vector<std::string>& names) {
  std::vector<std::string> domains;
  domains.reserve(names.size());
  for (const auto& name : names) domains.push_back(registered_domain(name));
  std::ranges::sort(domains);
  domains.erase(std::unique(domains.begin(), domains.end()), domains.end());
  return domains;
}

}  // namespace acmed::renew
