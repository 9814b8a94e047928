// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "base/error.h"
#include "base/runtime/task.h"
#include "config/config.h"
#include "daemon/store/publisher.h"
#include "daemon/store/records.h"

namespace acmed::deploy {

/// What is deployed: one generation of one certificate.
struct Generation : store::Generation {
  std::string certificate;     ///< its name
  std::filesystem::path live;  ///< live/NAME, the link that services read
};

/// A target did not take a generation.
class NotTaken final : public Error {
 public:
  /// Which pair the target has now: whatever it had, the new one all the same, since what it had before was no better,
  /// or the former one again.
  enum class Left { as_it_was, with_new_pair, rolled_back };

  NotTaken(const Error& reason, const std::string& sentence, Left left)
      : Error(reason.advice(), reason.cause(), sentence), left_(left) {}

  Left left() const noexcept { return left_; }

 private:
  Left left_;
};

/// Brings `generation` to `target` (DESIGN §4): copies the files into its directory as one set, or, for a target that
/// reads live/, puts it in service there; runs `test`, then `post_hook`, with the facts in ACMED_* variables and as
/// JSON on standard input. When `test` or the hook fails, the pair that was there before is put back (and, after a
/// failed hook, the hook is run once more for it), unless there was none or its certificate ends before `worth_until`.
/// Throws NotTaken: to be tried again ("deploy:test", "deploy:hook", "deploy:timeout", "deploy:file") or refused (owner
/// unknown, program missing), with a sentence that holds the end of the program's output. `previous`: the generation to
/// go back to, none for the first. `publisher` must outlive it.
Task<> to_target(config::Target target, store::Publisher& publisher, Generation generation,
                 std::optional<Generation> previous, Time worth_until, std::string event);

/// Whether the target's directory has the files of `generation`. True for a target without one. Blocks. Throws Retry.
bool is_in_place(const config::Target& target, const Generation& generation);

}  // namespace acmed::deploy
