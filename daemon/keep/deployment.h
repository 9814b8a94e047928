// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "daemon/keep/duty.h"
#include "daemon/keep/kept.h"
#include "daemon/keep/view.h"

namespace acmed::keep {

/// Whether, as far as is recorded, the target has taken the generation in service with its present configuration.
bool is_deployed(const Kept& kept, const config::Target& target);

/// Deploys the generation in service to one target. A failure rolls back to the former generation while that is worth
/// it (deploy::deploy()). Where the new one stays all the same, it may have failed for want of another certificate of
/// the same service: it is tried again as soon as one that shares a program or a unit has been deployed.
class Deployment final : public Duty {
 public:
  /// `target` is one of the kept certificate's. `recording` remembers failures to write the state.
  Deployment(Kept& kept, const config::Target& target, Duty& recording)
      : kept_(kept), target_(target), recording_(recording) {}

  Time due() const override;
  Task<> perform() override;
  Rare<store::Trouble>& trouble() override { return kept_.state.deployments[target_.name].trouble; }
  std::string name() const override { return "deploy:" + target_.name; }
  void want(bool wanted) noexcept override { is_wanted_ = wanted; }
  bool is_wanted() const noexcept override { return is_wanted_; }
  std::string why_due() const override;
  std::string failed() const override { return "not deployed"; }
  std::string about() const override;
  /// The end of the former pair's validity, until it has been tried once without a way back to it.
  Time last_chance() const override;

  /// Lets the deployments of other certificates to the same service wait a moment for this one: it is known to come.
  void announce();
  /// It does not come, at least not now.
  void forget_announcement() noexcept { announcement_.end(); }

  const std::string& target() const noexcept { return target_.name; }
  TargetView view();

 private:
  Task<> take(bool can_go_back);
  void hope_for_others();
  Task<std::shared_ptr<const deploy::Subject>> readable_subject(unsigned number);

  Kept& kept_;
  const config::Target& target_;
  Duty& recording_;
  deploy::DeploymentCoordinator::Announcement announcement_;
  bool is_wanted_ = false;
  Time chance_taken_{};  ///< the end of the former pair to which there was no way back any more
  std::unique_ptr<deploy::DeploymentCoordinator::Watch> hope_;  ///< while the target has the pair in spite of a failure
};

}  // namespace acmed::keep
