// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "base/runtime/task.h"
#include "config/config.h"
#include "daemon/doctor/line.h"
#include "daemon/store/state_view.h"

namespace acmed::doctor {

/// Whether the CA can be reached, by one request for its directory, which orders nothing; whether it offers what the
/// configuration wants of it; by how much its clock and ours differ; and what is remembered of our account and of a
/// pause that it asked for. `profiles`: that certificates want of it besides its own. `ca` must outlive it. Throws
/// Cancelled only.
Task<std::vector<Line>> examine_ca(Loop* loop, const config::Ca* ca, std::vector<config::Profile> profiles,
                                   store::StateView state);

}  // namespace acmed::doctor
