// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "base/error.h"
#include "base/runtime/task.h"
#include "daemon/deploy/actions.h"
#include "daemon/deploy/subject.h"

namespace acmed::deploy {

/// A target failed to take a generation.
class NotTaken final : public Error {
 public:
  /// Which pair the target has now: the same as before; the new one in spite of the failure, since the former one was
  /// no better; or the former one again.
  enum class Left { as_it_was, with_new_pair, rolled_back };

  NotTaken(const Error& reason, const std::string& sentence, Left left)
      : Error(reason.advice(), reason.cause(), sentence), left_(left) {}

  Left left() const noexcept { return left_; }

 private:
  Left left_;
};

/// A generation on its way to a target.
struct Member {
  std::shared_ptr<const Subject> subject;
  std::shared_ptr<const Subject> former;  ///< the generation that the target had; null when that is not known
  Time worth_until;                       ///< a certificate that ends before then is not worth going back to
};

/// What became of a member: nothing when its target has taken it for good.
using Outcome = std::optional<NotTaken>;

/// Deploys the members as one transaction and returns their outcomes in the same order: checks each pair, puts all
/// copies into place, runs each `test` once, has each unit of `reload` and `restart` read the new files once, runs each
/// `post_hook` once, and verifies each service. Two targets whose files only work together are therefore tested
/// together.
///
/// A member fails when a step that it takes part in fails; the others go on. Its former copies are then put back, and
/// the units and hooks that had learned of the new ones are told, unless there were none before or their certificate
/// ends before `worth_until`: then the new ones stay. The pair in live/ always stays: others read it too. After a step
/// that several took part in, those that were rolled back are tried again one by one, so that one of them does not keep
/// the others from their certificates; a few failures in a row end that.
///
/// `actions` must outlive it. When cancelled, it puts back what is not taken yet, and throws Cancelled.
Task<std::vector<Outcome>> deploy(Actions& actions, std::vector<Member> members);

/// Whether the target's directory has the files of `generation`. True for targets without a directory. Blocks. Throws
/// Retry.
bool is_in_place(const config::Target& target, const Generation& generation);

}  // namespace acmed::deploy
