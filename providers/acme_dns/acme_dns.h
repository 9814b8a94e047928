// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/runtime/event.h"
#include "providers/acme_dns/api.h"
#include "providers/acme_dns/rows.h"
#include "providers/memory.h"
#include "providers/provider.h"

namespace acmed::providers {

/// Changes the TXT values of accounts at an acme-dns server, to which challenge names are aliases. Each account is a
/// zone of its own name, since it is all that the account may change.
///
/// An account that was registered here and that the server does not know any more, as after the loss of its database,
/// is registered anew; that takes another CNAME record, which the failure tells.
///
/// The server holds two values at a name and deletes none: a third pushes out the oldest. So removing a value means no
/// more than that it may be pushed out.
class AcmeDns final : public Provider {
 public:
  /// `memory` keeps the accounts that are registered here; it must outlive this.
  AcmeDns(const config::Provider& configured, const config::AcmeDns& settings, Loop& loop, Memory& memory);

  /// Finds the account of an alias's target. For a challenge name that is no alias it registers an account, once, and
  /// throws Refused ("acme-dns:alias") with the CNAME record that is to be made.
  Task<std::optional<Zone>> zone_of(dns::Name name) override;
  bool tells_true_zones() const override { return false; }  // to acmed each account is one

  Task<> apply(Zone zone, std::vector<TxtChange> changes) override;

  std::size_t values_at_a_time() const override { return AcmeDnsRows::count; }
  Task<std::optional<std::string>> check_credentials() override;
  void rest() override { api_.rest(); }

 private:
  /// What an account's name shows.
  struct Shown {
    std::vector<std::string> used;  ///< added and not removed since, the oldest first
    AcmeDnsRows rows;
  };

  Task<> load_accounts();
  Task<config::AcmeDnsAccount> account_for(std::string domain);
  Task<> write(dns::Name name, Shown* shown);
  Task<> update(config::AcmeDnsAccount account, std::string value, AcmeDnsRows* rows);
  Task<bool> is_lost(config::AcmeDnsAccount account, std::string value);
  Task<> keep(config::AcmeDnsAccount account, std::vector<std::string> replaces);
  bool is_registered_here(const config::AcmeDnsAccount& account) const;
  [[noreturn]] void throw_alias(const config::AcmeDnsAccount& account, const std::string& lost) const;
  const config::AcmeDnsAccount* find(std::string config::AcmeDnsAccount::*field, const std::string& wanted) const;
  bool serves(const dns::Name& name) const;

  std::string name_;
  std::string url_;
  std::vector<dns::Name> zones_;  ///< and the delegated names
  const Clock& clock_;
  AcmeDnsApi api_;
  Memory& memory_;
  std::vector<config::AcmeDnsAccount> accounts_;  ///< those of the configuration stand first
  std::size_t configured_ = 0;                    ///< how many these are
  std::map<std::string, std::string> lost_{};     ///< targets of accounts that the server lost, with their domains
  std::map<std::string, Moment> doubted_{};  ///< targets whose accounts were refused, and when that was looked into
  bool loaded_ = false;
  Semaphore one_registration_{1};
  std::map<dns::Name, Shown> shown_;
  Moment began_;
};

}  // namespace acmed::providers
