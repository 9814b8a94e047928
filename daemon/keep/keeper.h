// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <list>
#include <set>
#include <string>
#include <vector>

#include "daemon/keep/dane.h"
#include "daemon/keep/deployment.h"
#include "daemon/keep/issuing.h"
#include "daemon/keep/leftovers.h"
#include "daemon/keep/loading.h"
#include "daemon/keep/persistent_records.h"
#include "daemon/keep/recording.h"
#include "daemon/keep/renewal_information.h"
#include "daemon/keep/revocation_check.h"
#include "daemon/keep/revoking.h"
#include "daemon/keep/view.h"

namespace acmed::keep {

/// What a person or a timer asked for.
struct Wish {
  bool asked = false;             ///< earlier failures are retried at once, except where a CA set a limit
  bool renew = false;             ///< a new certificate, due or not
  bool force = false;             ///< no pause that a CA asked for is heeded
  bool deploy = false;            ///< to targets that are in step, too: to `targets`, or to all when there are none
  std::set<std::string> targets;  ///< their names
  std::vector<RevocationWish> revocations;

  /// Both.
  void add(const Wish& other);
};

/// Keeps one certificate: performs its duties when they are due and remembers failures. Its trouble is its own: no
/// failure here is thrown.
class Keeper {
 public:
  Keeper(issue::JourneyContext& context, renew::Ledger& ledger, deploy::DeploymentCoordinator& deployments,
         Wanted wanted);
  Keeper(const Keeper&) = delete;
  Keeper& operator=(const Keeper&) = delete;

  /// Loads what is remembered; completes at once when that is already loaded. Throws Cancelled only.
  Task<> prepare();
  /// Takes what find() has just read. Whether that is all there is to load: else prepare() goes on with it.
  bool found(Found found);

  /// Performs all duties that are due and returns when to call next. `asked`: by a person or a timer, so earlier
  /// failures are retried at once, except where a CA set a limit; what is not retried is logged. Throws Cancelled only.
  Task<Time> attempt(bool asked);
  Task<Time> attempt(Wish wish);

  /// What failed in the last attempt, and what of the wish was not done and why.
  std::vector<TroubleView> take_failures();

  /// Announces the deployments that will come when attempt() is called before `until`, until that has ended.
  void announce(Time until, bool asked);

  /// When attempt() will have something to do.
  Time next(bool asked);

  bool has_target(const std::string& target) const {
    return std::ranges::find(kept_.wanted.targets, target, &config::Target::name) != kept_.wanted.targets.end();
  }
  /// Calls `call`, which must outlive it, when next() has become earlier without an attempt.
  void tell_when_sooner(const std::function<void(const std::string& name)>& call) { kept_.when_sooner = &call; }

  /// Plans its renewals in `calendar`, which must outlive it.
  void plan_in(renew::Calendar& calendar) { kept_.calendar = &calendar; }

  const std::string& name() const noexcept { return kept_.name(); }
  store::Expected expected() const { return kept_.expected(); }
  /// What is wrong now, one sentence each.
  std::vector<std::string> troubles();
  bool is_troubled();

  const std::vector<config::Target>& targets() const noexcept { return kept_.wanted.targets; }
  /// Of the certificate in service; when there is none, the one that is asked first.
  std::string_view ca() const { return kept_.issuer().settings().name; }
  /// Whether it is ordered, or may be, by that account.
  bool uses(const store::AccountIdentity& account) const;
  /// Whether what is remembered of it is known.
  bool is_loaded() const noexcept { return kept_.loaded; }
  State state();
  /// The end of the generation in service; nothing when there is none.
  std::optional<Time> end_in_service() const { return kept_.end_in_service(); }
  CertificateView view();
  /// What became of that generation; nothing when it is not revoked.
  std::optional<RevokedView> revoked(unsigned generation) const { return revoked_view(kept_.state, generation); }

 private:
  class Working;
  bool is_ready(Duty& duty) const;
  bool has_failed(const Duty& duty) const;
  Time next_of(Duty& duty, bool asked) const;
  std::vector<std::vector<Duty*>> in_order();
  Task<> perform(Duty* duty);
  Task<> perform_ready(std::vector<Duty*> duties, std::vector<Duty*>* failed);
  Task<> remember(Duty* duty, std::exception_ptr failure);
  Task<> remember_met(std::vector<Duty*>* failed);
  Task<> record_rest(std::vector<Duty*>* failed);
  void forget_former_troubles();
  void forget_if_outdated(const Error& error);
  void tell_what_waits();
  void want(const Wish& wish);
  Task<> take_revocations(std::vector<RevocationWish> wishes);
  void note_failure(TroubleView failure);
  void tell_what_was_not_done();
  std::string why_it_waits(Duty& duty) const;
  std::vector<Duty*> all_duties();
  /// When the duties are due, all looked at once.
  struct Upcoming {
    Time any = Time::max();
    Time renewal = Time::max();
    Duty* told = nullptr;  ///< the first of those that change something; none without one
    Time at = Time::max();
  };
  Upcoming upcoming();
  State state_with(std::optional<Time> next_due);
  NextView next_view(const Upcoming& upcoming) const;

  Kept kept_;
  Loading loading_;
  Leftovers leftovers_;
  Recording recording_;
  Issuing issuing_;
  PersistentRecords persistent_records_;
  RenewalInformation renewal_information_;
  Revoking revoking_;
  RevocationCheck revocation_check_;
  Dane dane_;
  std::list<Deployment> deployments_;
  std::vector<Duty*> duties_;                ///< all but loading
  Rare<std::vector<TroubleView>> failures_;  ///< in the last attempt
};

}  // namespace acmed::keep
