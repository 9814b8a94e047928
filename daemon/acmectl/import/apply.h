// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "config/config.h"
#include "daemon/acmectl/import/found.h"

namespace acmed::acmectl::import {

/// What became of the accounts and certificates that were found.
struct TakenOver {
  std::vector<std::string> done;      ///< sentences
  std::vector<std::string> left_out;  ///< sentences: what is not taken over, and why
};

/// Puts the accounts and certificates of `found` that `config` wants into its state directory: an account for its CA
/// and type of key, a certificate for its names, CA and type of key. What acmed has already stays. Nothing is asked of
/// a CA. Throws what store::StateFolder throws: the daemon must not run. Blocks.
TakenOver take_over(const Found& found, const config::Config& config);

}  // namespace acmed::acmectl::import
