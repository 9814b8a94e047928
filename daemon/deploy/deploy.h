// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/runtime/task.h"
#include "config/config.h"

namespace acmed::deploy {

/// What is deployed: one generation of one certificate.
struct Generation {
  std::string certificate;  ///< its name
  std::vector<std::string> domains;
  std::filesystem::path live;    ///< live/NAME, the link that services read
  std::filesystem::path folder;  ///< the generation's own folder
  std::string serial;
  Time not_after;
};

/// A target did not take a generation.
class NotTaken final : public Error {
 public:
  NotTaken(const Error& reason, const std::string& sentence, bool new_files_stay)
      : Error(reason.advice(), reason.cause(), sentence), new_files_stay_(new_files_stay) {}

  /// Whether the target has the new files all the same, since what it had before was no better.
  bool new_files_stay() const noexcept { return new_files_stay_; }

 private:
  bool new_files_stay_;
};

/// Brings `generation` to `target` (DESIGN §4): copies the files into its directory as one set, runs `test`, then
/// `post_hook`, with the facts in ACMED_* variables and as JSON on standard input. When `test` or the hook fails, the
/// files that were there before are put back (and, after a failed hook, the hook is run once more for them), unless
/// there were none or their certificate ends before `worth_until`. Throws NotTaken: to be tried again ("deploy:test",
/// "deploy:hook", "deploy:timeout", "deploy:file") or refused (owner unknown, program missing), with a sentence that
/// holds the end of the program's output. `previous`: the generation to go back to, none for the first.
Task<> to_target(config::Target target, Generation generation, std::optional<Generation> previous, Time worth_until,
                 std::string event);

/// Whether the target's directory has the files of `generation`. True for a target without one. Blocks. Throws Retry.
bool is_in_place(const config::Target& target, const Generation& generation);

}  // namespace acmed::deploy
