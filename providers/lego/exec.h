// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "providers/lego/bridge.h"

namespace acmed::providers {

/// Changes records by a program with the convention of lego's provider `exec`: PROGRAM present|cleanup FQDN. VALUE, in
/// raw mode PROGRAM present|cleanup -- DOMAIN TOKEN KEYAUTH. It exits with 0 when it is done.
class LegoExec final : public LegoBridge {
 public:
  /// `configured`: of type lego-exec. `discovery` must outlive this.
  LegoExec(const config::Provider& configured, const config::LegoExec& settings, dns::Discovery& discovery);

 private:
  Task<> call(TxtChange change) override;
  Concerns concerns(const Error& failure) const override;
  void log_output(const std::vector<std::string>& lines, bool failed) const;

  config::ExternalProgram program_;
};

}  // namespace acmed::providers
