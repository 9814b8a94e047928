// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "config/config.h"
#include "daemon/deploy/deploy.h"
#include "daemon/issue/journey.h"
#include "daemon/renew/ledger.h"
#include "daemon/store/records.h"

namespace acmed {

/// What one certificate is to be.
struct Upkeep {
  issue::Request request;
  std::optional<double> renew;  ///< the fraction of life left at which it is renewed
  std::vector<config::Target> targets;
};

/// Keeps one certificate: issues and renews it, brings it to its targets, and remembers what failed. Its trouble is its
/// own: nothing that fails here is thrown.
class Keeper {
 public:
  Keeper(issue::Services& services, renew::Ledger& ledger, Upkeep upkeep);

  /// Does all that is due and gives the time at which it wants to be called next. `asked`: by a person or a timer, so
  /// what failed before is tried again at once, though never before a Retry-After. Throws Cancelled only.
  Task<Time> attempt(bool asked);

  const std::string& name() const noexcept { return upkeep_.request.name; }
  /// What is wrong now, one sentence each.
  std::vector<std::string> troubles() const;

 private:
  Task<> load();
  Task<> settle_link();
  Task<> settle();
  Task<> renew();
  Task<> clear_leftovers();
  Task<> deploy(const config::Target* target);
  Task<> roll_back_live(const config::Target* target, unsigned served);
  Task<> remember_failure(std::optional<store::Trouble>* where, std::string what, std::exception_ptr failure);
  Task<> tell_ledger(std::exception_ptr failure);
  Task<> save();
  Task<deploy::Generation> generation(unsigned number);

  Time now() const;
  Time renewal_time() const;
  bool is_current() const;
  bool may_try(const std::optional<store::Trouble>& trouble, bool asked) const;
  bool is_deployed(const config::Target& target) const;
  bool live_was_rolled_back() const;
  Time next_attempt() const;
  std::set<unsigned> needed_generations() const;
  void forget_former_targets();
  bool ca_is_closed();

  issue::Services& services_;
  renew::Ledger& ledger_;
  Upkeep upkeep_;
  store::Certificate state_;
  std::string waiting_;  ///< why nothing is tried although it is due; empty when that is not so
  bool loaded_ = false;
};

}  // namespace acmed
