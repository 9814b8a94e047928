// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/json.h"
#include "base/time.h"
#include "config/config.h"
#include "daemon/store/state_view.h"

namespace acmed::acmectl {

/// A certificate as GET /v1/certificates/NAME has it, as far as configuration and state directory tell: without what is
/// under way. Blocks. What cannot be read is the certificate's trouble.
json::Object describe(const config::Certificate& certificate, const store::StateView& state, Time now);

}  // namespace acmed::acmectl
