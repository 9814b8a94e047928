// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/runtime/event.h"
#include "config/config.h"
#include "dns/discovery.h"
#include "providers/provider.h"

namespace acmed::providers {

/// What programs and servers written for lego know: one record at a time, to be made ("present") and taken away
/// ("cleanup"). They were called one after another, so they are here; and by lego never twice, so one that fails
/// because the record is there already, or is gone, is taken for good when the DNS says the same.
class LegoBridge : public Provider {
 public:
  /// The longest configured zone.
  Task<std::optional<Zone>> zone_of(dns::Name name) override;
  bool tells_true_zones() const override { return false; }

  /// Each change by a call of its own. One name that fails does not keep the others from being changed.
  Task<> apply(Zone zone, std::vector<TxtChange> changes) override;

 protected:
  /// `discovery` must outlive this.
  LegoBridge(const config::Provider& configured, config::LegoMode mode, dns::Discovery& discovery);

  /// Whom a failed call concerns besides its own name.
  enum class Concerns { nobody_else, perhaps_all, all };

  const std::string& name() const noexcept { return name_; }  ///< NAME of [provider.NAME]

  /// What the call says of the record: its name with the final dot and its value, or in raw mode what they were made
  /// from: domain, token, key authorization. Throws Refused when that is not known any more.
  std::vector<std::string> words_for(const TxtChange& change) const;
  bool is_raw() const noexcept { return mode_ == config::LegoMode::raw; }

  static const char* verb(const TxtChange& change) { return change.action == Action::add ? "present" : "cleanup"; }

 private:
  /// Makes one change. Throws Error.
  virtual Task<> call(TxtChange change) = 0;
  virtual Concerns concerns(const Error& failure) const = 0;

  Task<> apply_one_by_one(std::vector<TxtChange> changes);
  Task<bool> shows_in_dns(TxtChange change);
  Task<bool> is_done(TxtChange change);

  std::string name_;
  std::vector<std::string> zones_;
  config::LegoMode mode_;
  dns::Discovery& discovery_;
  Semaphore one_at_a_time_{1};
};

}  // namespace acmed::providers
