// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "base/runtime/task.h"
#include "config/config.h"
#include "daemon/doctor/line.h"
#include "daemon/store/state_view.h"

namespace acmed::doctor {

/// What is in service of a certificate and what is remembered of it: whether live/NAME is whole and ends late enough,
/// which failures last, which generation each target has, and what the services with a `verify` present now.
/// `certificate` must outlive it. Throws Cancelled only.
Task<std::vector<Line>> examine_certificate(Loop* loop, const config::Certificate* certificate, store::StateView state);

}  // namespace acmed::doctor
