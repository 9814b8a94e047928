// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

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

/// Brings `generation` to `target` (DESIGN §4): copies the files into its directory as one set, runs `test`, then
/// `post_hook`, with the facts in ACMED_* variables and as JSON on standard input. When `test` or the hook fails, the
/// files that were there before are put back (and, after a failed hook, the hook is run once more for them), and the
/// failure is thrown: Retry ("deploy:test", "deploy:hook", "deploy:timeout", "deploy:file") or Refused (owner unknown,
/// program missing), with a sentence that holds the end of the program's output. `previous`: the generation to go back
/// to, none for the first.
Task<> to_target(config::Target target, Generation generation, std::optional<Generation> previous, std::string event);

}  // namespace acmed::deploy
