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
  /// what failed before is tried again at once, except what a CA limited; what is not tried is logged. Throws Cancelled
  /// only.
  Task<Time> attempt(bool asked);

  const std::string& name() const noexcept { return upkeep_.request.name; }
  /// What is wrong now, one sentence each.
  std::vector<std::string> troubles() const;
  bool is_troubled() const;

 private:
  Task<> load();
  Task<> look_at_files();
  Task<> look_at_target(const config::Target* target);
  Task<> settle_link();
  Task<> settle();
  Task<> renew();
  Task<> clear_leftovers();
  Task<> deploy(const config::Target* target);
  Task<> roll_back_live(const config::Target* target, unsigned served);
  Task<> remember_failure(std::optional<store::Trouble>* where, std::string what, std::exception_ptr failure,
                          std::string about = {});
  Task<> tell_ledger(std::exception_ptr failure);
  Task<> save();
  Task<deploy::Generation> generation(unsigned number);

  Time now() const;
  Time renewal_time() const;
  bool is_current() const;
  std::optional<Time> end_in_service() const;
  std::string fingerprint_of_request() const;
  bool may_try(const std::optional<store::Trouble>& trouble) const;
  Task<bool> ca_is_open();
  void tell_what_waits() const;
  bool is_deployed(const config::Target& target) const;
  bool has_former_pair(const config::Target& target) const;
  bool is_worth_keeping(const store::Deployment& former) const;
  Duration shortest_use() const;
  bool live_was_rolled_back() const;
  Time next_attempt() const;
  std::set<unsigned> needed_generations() const;
  void forget_former_targets();
  void forget_former_troubles();

  issue::Services& services_;
  renew::Ledger& ledger_;
  Upkeep upkeep_;
  store::Certificate state_;
  std::string waiting_;   ///< why nothing is tried although it is due; empty when that is not so
  bool asked_ = false;    ///< for the present attempt
  bool damaged_ = false;  ///< the files of the certificate in service cannot be used
  bool loaded_ = false;
};

}  // namespace acmed
