// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/runtime/event.h"
#include "base/runtime/task.h"
#include "daemon/deploy/deploy.h"

namespace acmed::deploy {

/// Combines the deployments that share a `test`, a unit or a `post_hook`, whichever certificates they are of, into one
/// transaction: a hundred certificates with one hook cost one run of it. No two transactions that share one of these
/// are in progress at the same time.
///
/// A transaction waits a moment for others that are known to come: as long as they keep arriving, for at most twenty
/// seconds each and a minute in all. A certificate that takes longer goes by itself.
class DeploymentCoordinator {
 public:
  /// `actions` must outlive it.
  DeploymentCoordinator(Loop& loop, Actions& actions) : loop_(loop), actions_(actions) {}
  DeploymentCoordinator(const DeploymentCoordinator&) = delete;
  DeploymentCoordinator& operator=(const DeploymentCoordinator&) = delete;

  /// Announces, until destroyed, that a target will soon be deployed to.
  class [[nodiscard]] Announcement {
   public:
    Announcement() = default;
    Announcement(DeploymentCoordinator& coordinator, std::set<std::string> shared);
    Announcement(Announcement&& other) noexcept;
    Announcement& operator=(Announcement&& other) noexcept;
    ~Announcement() { end(); }
    void end() noexcept;
    bool is_made() const noexcept { return coordinator_ != nullptr; }

   private:
    DeploymentCoordinator* coordinator_ = nullptr;
    std::set<std::string> shared_;
  };
  Announcement announce(const config::Target& target);
  /// Announces targets that are not known yet.
  Announcement announce_any();

  /// Completes when the target has taken the generation. Throws NotTaken, Cancelled.
  Task<> deploy(Member member, Announcement announcement);

  /// Calls `call`, once, when a later transaction that shares something with a target has ended well for one of its
  /// members: what kept that target from its pair may be over. Until then, or until destroyed.
  class [[nodiscard]] Watch {
   public:
    Watch(DeploymentCoordinator& coordinator, std::set<std::string> shared, std::function<void()> call);
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;
    ~Watch() { end(); }

   private:
    friend class DeploymentCoordinator;
    void end() noexcept;

    DeploymentCoordinator* coordinator_;
    std::set<std::string> shared_;
    std::function<void()> call_;
  };
  std::unique_ptr<Watch> watch(const config::Target& target, std::function<void()> call);

  bool is_in_progress() const noexcept { return in_progress_ > 0; }
  /// From now on no transaction begins; completes when those in progress have ended.
  Task<> finish();

 private:
  struct Group;
  struct Waiting;
  class Running;
  class Departure;

  std::shared_ptr<Waiting> join(Member member);
  void leave(const std::shared_ptr<Waiting>& waiting) noexcept;
  std::shared_ptr<Group> merged_for(const std::set<std::string>& shared);
  Moment start_of(const Group& group) const;
  void split_off_excess(Group& group);
  void take_out(const Group& group) noexcept;
  void tell(const std::set<std::string>& shared) noexcept;
  Task<> lead(std::shared_ptr<Group> group);
  void tell_of_success(const std::set<std::string>& shared);

  Loop& loop_;
  Actions& actions_;
  std::map<std::string, std::size_t> announced_;
  std::map<std::string, std::shared_ptr<Group>> waiting_;  ///< by what they share: each of these is in one group only
  std::set<std::string> in_use_;                           ///< by the transactions in progress
  std::size_t in_progress_ = 0;
  bool finishing_ = false;
  Waiters ended_;                               ///< a transaction has
  std::multimap<std::string, Watch*> watches_;  ///< by what their targets share
};

}  // namespace acmed::deploy
