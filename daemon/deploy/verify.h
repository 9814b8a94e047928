// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/crypto/x509.h"
#include "base/runtime/task.h"
#include "config/config.h"
#include "daemon/deploy/subject.h"

namespace acmed::deploy {

/// Completes once the service that `verify` of the subject's target names presents the subject's certificate in a TLS
/// handshake. It is asked again and again until the target's timeout has passed, since a service may need a while after
/// a reload. Throws Retry ("deploy:verify") with what was seen last, Cancelled.
Task<> verify_service(std::shared_ptr<const Subject> subject);

}  // namespace acmed::deploy
