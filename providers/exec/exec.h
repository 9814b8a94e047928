// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/config.h"
#include "dns/lookups.h"
#include "providers/exec/plugin.h"
#include "providers/provider.h"

namespace acmed::providers {

/// Changes records by a program of somebody else's that speaks the protocol of providers/exec/PROTOCOL.md.
class Exec final : public Provider {
 public:
  /// `configured`: of type exec.
  Exec(const config::Provider& configured, const config::Exec& settings, Loop& loop);

  /// What the program says; the longest configured zone when it does not know the method.
  Task<std::optional<Zone>> zone_of(dns::Name name) override;
  bool tells_true_zones() const override { return tells_zones_; }
  Task<> apply(Zone zone, std::vector<TxtChange> changes) override;
  Task<> await_published(Zone zone) override;
  Task<std::optional<std::string>> check_credentials() override;
  void rest() override { plugin_.rest(); }
  Task<> close() override { return plugin_.close(); }

 private:
  Task<std::optional<Zone>> find_zone(dns::Name name);
  Task<> apply_batch(Zone zone, std::vector<TxtChange> changes, std::map<dns::Name, Error>* failures);

  Loop& loop_;
  exec::Plugin plugin_;
  std::vector<std::string> configured_zones_;
  bool tells_zones_ = true;
  dns::Lookups<dns::Name, std::optional<Zone>> zones_;
};

}  // namespace acmed::providers
