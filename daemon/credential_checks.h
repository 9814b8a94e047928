// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/runtime/task.h"
#include "daemon/issue/zones.h"

namespace acmed {

/// Whether the providers' credentials are good, and what was wrong with them at the last look.
class CredentialChecks {
 public:
  explicit CredentialChecks(const issue::ZoneCoordinator& zones) : zones_(zones) {}

  /// Looks at all of them at the same time. Returns what is wrong, one sentence each.
  Task<std::vector<std::string>> check_all();

  /// Empty when nothing is known to be wrong.
  std::string trouble(const std::string& provider) const;

 private:
  Task<> check(std::string provider, std::vector<std::string>* warnings);

  const issue::ZoneCoordinator& zones_;
  std::map<std::string, std::string> troubles_;
};

}  // namespace acmed
