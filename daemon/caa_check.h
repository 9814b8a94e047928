// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <vector>

#include "config/config.h"
#include "daemon/findings.h"
#include "dns/discovery.h"

namespace acmed {

/// Whether the CAs of a certificate are among those that its domains admit (CAA, RFC 8659; validationmethods, RFC
/// 8657).
class CaaCheck {
 public:
  /// All must outlive it. The resolvers of `discovery` are asked.
  CaaCheck(Loop& loop, const config::Config& config, const dns::Discovery& discovery);

  /// For `findings->domain`. What cannot be found out is a finding, not a failure.
  Task<> examine(const config::Certificate* certificate, NameFindings* findings);

 private:
  Task<std::vector<std::string>> identities(std::string ca);

  Loop& loop_;
  const config::Config& config_;
  const dns::Discovery& discovery_;
  std::map<std::string, std::vector<std::string>> identities_;  ///< by CA
};

}  // namespace acmed
