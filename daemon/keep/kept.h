// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "config/config.h"
#include "daemon/deploy/coordinator.h"
#include "daemon/issue/journey.h"
#include "daemon/renew/calendar.h"
#include "daemon/renew/ledger.h"
#include "daemon/store/records.h"

namespace acmed::keep {

/// What one certificate should be.
struct Wanted {
  issue::Request request;
  std::optional<config::LifeLeft> renew;  ///< see config::Certificate
  std::vector<config::Target> targets;
  std::vector<issue::Authority*> fallbacks = {};  ///< asked in this order where the request's CA does not issue
  config::Dane dane{};
};

/// One certificate that is kept: what it should be, what is remembered of it, and what its duties share.
struct Kept {
  issue::JourneyContext& context;
  renew::Ledger& ledger;
  deploy::DeploymentCoordinator& deployments;
  Wanted wanted;
  store::Certificate state{};
  bool loaded = false;
  bool damaged = false;         ///< the files of the certificate in service cannot be used
  bool unrecorded = false;      ///< parts of `state` are not on disk, or live/ is not as it should be
  bool unsaved = false;         ///< what is not on disk of `state` would be done again after a crash: one save for all
  bool asked = false;           ///< the present attempt was asked for by a person or a timer
  bool renewal_wanted = false;  ///< by a person, due or not
  bool is_worked_on = false;    ///< an attempt is in progress
  bool forced = false;          ///< and that person takes what comes of it: no pause that a CA asked for is heeded
  /// Called when the certificate is to be looked at sooner than was said.
  const std::function<void(const std::string& name)>* when_sooner = nullptr;
  renew::Calendar* calendar = nullptr;  ///< of all certificates; null: it is renewed when it is usual
  mutable Rare<renew::Calendar::Place> place{};
  Semaphore saving{1};  ///< targets are deployed to side by side, and each saves what became of it

  const std::string& name() const noexcept { return wanted.request.name; }
  /// For find(): the generation is not known yet.
  store::Expected expected() const { return {name(), 0, wanted.request.key_group}; }
  Time now() const { return context.loop.clock().now(); }
  Task<> save();

  /// All CAs that may issue it, the first one first.
  std::vector<issue::Authority*> authorities() const;
  /// The CA of the certificate in service; the first one when there is none, or when it is of none of them.
  issue::Authority& issuer() const;

  /// When the certificate in service is to be renewed.
  Time renewal_due() const;

  /// The end of the certificate that can be used meanwhile; nothing when there is none.
  std::optional<Time> end_in_service() const;
  /// Of its key, as spelled in the configuration; empty while that of a key in a token is not known.
  std::string key_type() const;
  /// A generation in the form that `target` is given.
  Task<std::shared_ptr<const deploy::Subject>> subject(const config::Target* target, unsigned number);

  /// What is remembered of the target; null when nothing is.
  const store::Deployment* deployment(const config::Target& target) const;
  /// Whether the target once took an earlier generation, which it still has or may get back.
  bool has_former_pair(const config::Target& target) const;
  /// Whether an earlier generation is still worth rolling back to.
  bool is_worth_keeping(const store::Deployment& former) const;
  /// With less than this left of its life, a certificate is not worth rolling back to.
  Duration shortest_use() const;
  /// Puts the latest generation in service.
  Task<> settle_live();
  /// Lets those read its key who should.
  Task<> grant_key();
  std::set<unsigned> needed_generations() const;
};

}  // namespace acmed::keep
