// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "base/error.h"
#include "base/runtime/task.h"
#include "config/config.h"
#include "daemon/deploy/subject.h"
#include "daemon/store/publisher.h"
#include "daemon/store/records.h"

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

/// Deploys `generation` to `target`: copies the files into its directory as one set, or, for a target that
/// reads live/, puts the generation in service there; then runs `test` and `post_hook`, with the facts in ACMED_*
/// variables and as JSON on standard input. When `test` or the hook fails, the former pair is put back (and, after a
/// failed hook, the hook is run once more for it), unless there was none or its certificate ends before `worth_until`.
/// Throws NotTaken: to be retried ("deploy:test", "deploy:hook", "deploy:timeout", "deploy:file") or refused (unknown
/// owner, missing program), with a sentence that holds the end of the program's output. `previous`: the generation to
/// roll back to, none for the first one. `publisher` must outlive the task.
Task<> to_target(config::Target target, store::Publisher& publisher, Generation generation,
                 std::optional<Generation> previous, Time worth_until);

/// Whether the target's directory has the files of `generation`. True for targets without a directory. Blocks. Throws
/// Retry.
bool is_in_place(const config::Target& target, const Generation& generation);

}  // namespace acmed::deploy
