// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <list>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/runtime/event.h"
#include "base/runtime/scope.h"
#include "config/config.h"
#include "daemon/account_changes.h"
#include "daemon/asked.h"
#include "daemon/control/keeping.h"
#include "daemon/credential_checks.h"
#include "daemon/deploy/coordinator.h"
#include "daemon/former_configuration.h"
#include "daemon/issue/abandoned_orders.h"
#include "daemon/issue/acme_authority.h"
#include "daemon/issue/observers.h"
#include "daemon/issue/revocation_lists.h"
#include "daemon/issue/revoker.h"
#include "daemon/keep/keeper.h"
#include "daemon/keep/log_observer.h"
#include "daemon/notify/watched.h"
#include "daemon/provider_memory.h"
#include "daemon/work_in_progress.h"
#include "providers/responder/responder.h"

namespace acmed {

/// Everything that one configuration creates: the CAs, the providers, and a Keeper for each certificate, all on top of
/// the store, which outlives it.
class Service final : public control::Keeping, public notify::Watched {
 public:
  /// `servers`: name servers that the previous service left running, if any. `also`: hears of all steps, as the log
  /// does.
  Service(Loop& loop, store::Store& store, store::Publisher& publisher, deploy::Actions& actions, config::Config config,
          providers::NameServers& servers, issue::Observer& also = issue::Observer::nobody());
  ~Service() override;
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;

  /// Does everything that is due, once, of the certificates `named`, or of all when there are none. Returns what is
  /// wrong with them afterwards, one sentence each. `force`: also where a CA asked to be left alone.
  Task<std::vector<std::string>> run_once(std::set<std::string> named = {}, bool force = false);

  /// Keeps all certificates until cancelled. Earlier failures are retried at once: whoever starts or reloads acmed has
  /// probably mended them. `is_first`: in this process.
  Task<> run(bool is_first);

  bool is_deploying() const noexcept { return deployments_.is_in_progress(); }
  /// From now on no deployment begins; completes when those in progress have ended. The rest goes on.
  Task<> finish_deployments() { return deployments_.finish(); }

  /// Ends what runs outside of acmed for its providers; the last call, when nothing else is in progress.
  Task<> close();

  /// For `systemctl status`: "10 certificates, next renewal …, 1 failing: NAME".
  std::string status() const;

  std::size_t certificate_count() const noexcept override { return count_; }
  std::optional<keep::CertificateView> certificate(const std::string& name) override;
  std::vector<keep::CertificateView> certificates_after(const std::string& name, std::size_t most) override;
  std::vector<std::pair<std::string, keep::State>> states_after(const std::string& name, std::size_t most) override;
  Task<std::vector<control::GenerationView>> generations(std::string name) override;
  std::optional<control::Due> next() const override;
  std::vector<control::CaView> cas() const override;
  std::vector<control::ProviderView> providers() const override;
  Task<std::vector<control::AccountView>> accounts() override;
  Task<control::Outcome> attempt(std::string name, bool force) override;
  Task<control::Outcome> renew(std::string name, bool force) override;
  Task<control::Outcome> deploy(std::string name, std::set<std::string> targets) override;
  Task<control::Outcome> revoke(std::string name, control::RevocationWish wish) override;
  Task<control::Outcome> change_account(std::string ca, control::AccountChange change) override;
  std::vector<keep::CertificateView> troubled() override;
  Condition condition(const std::string& certificate) override;

  /// Called when status() may have changed, at most once a second.
  std::function<void()> on_change;

 private:
  using Keepers = std::list<keep::Keeper>;

  Task<> prepare_all(bool enqueue);
  Task<> prepare_some(bool enqueue);
  keep::Keeper* add_keeper();
  std::shared_ptr<const issue::Policies> policies(const config::Propagation& own);
  Task<> keep_agenda(Scope* scope);
  void announce_deployments(Time until);
  Task<> plan_anew();
  Task<> attempt(keep::Keeper* keeper, bool asked);
  Task<> attempt_once(keep::Keeper* keeper, bool force);
  Task<> attempt_again(std::function<bool(const keep::Keeper&)> is_meant);
  Task<> tend_status();
  void enqueue(keep::Keeper* keeper, Time time);
  void note_trouble(keep::Keeper* keeper);
  Task<control::Outcome> carry_out(std::string name, keep::Wish wish);
  void hasten(keep::Keeper* keeper, Time time);
  Task<> try_again_with(store::AccountIdentity account);
  std::size_t first_unread_after(const std::string& name) const;
  Keepers::iterator after(const std::string& name);
  std::vector<control::LimitView> limits_of(const issue::AuthoritySettings& ca);
  std::vector<issue::AcmeAuthority*> authorities_at(const std::string& directory_url) const;
  static keep::CertificateView view_of(const config::Certificate& unread);
  void bring_forward(const std::string& name);
  Task<> clear_former(std::vector<std::string>* troubles);
  Task<> prepare_and_tend_orphans(bool is_first);
  Task<> tend_orphans();
  Task<> tend_abandoned_orders();
  issue::Authority* askable(const store::AccountIdentity& account) const;
  Task<> tend_credentials();
  void rest();

  Loop& loop_;
  store::Store& store_;
  WorkInProgress work_{[this] { rest(); }};
  Authorities authorities_;
  AccountChanges account_changes_{authorities_, work_,
                                  [this](const store::AccountIdentity& account) { return try_again_with(account); }};
  issue::Revoker revoker_;
  issue::RevocationLists revocation_lists_;
  issue::AbandonedOrders abandoned_;
  dns::Discovery discovery_;
  std::list<ProviderMemory> memories_;
  keep::LogObserver log_;
  issue::Observers observers_;
  issue::ZoneCoordinator zones_;
  CredentialChecks credentials_{zones_};
  issue::JourneyContext context_;
  renew::Ledger ledger_;
  renew::Calendar calendar_;
  deploy::DeploymentCoordinator deployments_;
  FormerConfiguration former_;
  bool is_whole_;                            ///< no file of the configuration is left out
  std::vector<config::Provider> providers_;  ///< without their settings
  std::vector<config::Certificate> wanted_;  ///< each is moved into its keeper
  std::size_t added_ = 0;                    ///< how many of wanted_ have a keeper
  std::size_t count_ = 0;                    ///< all that are kept
  config::Propagation latest_propagation_;   ///< many successive certificates share it
  std::shared_ptr<const issue::Policies> latest_policies_;
  Keepers keepers_;
  std::unordered_map<std::string_view, Keepers::iterator> by_name_;
  std::map<keep::Keeper*, std::vector<Asked>> asked_;  ///< for their next attempts
  std::set<std::string> failing_;                      ///< those with a trouble
  std::multimap<Time, keep::Keeper*> agenda_;          ///< when to call each next, except those in progress
  Waiters earlier_;                                    ///< the agenda has an earlier first entry
  std::function<void(const std::string&)> when_sooner_ = [this](const std::string& name) { bring_forward(name); };
  bool changed_ = false;
  Waiters change_;
};

}  // namespace acmed
