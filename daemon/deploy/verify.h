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

/// One look: what is wrong with what the service presents, "it presents the one with serial ..."; empty when it
/// presents `wanted`. `key_type`: of its key, as spelled in the configuration; a service may have certificates of
/// several kinds. Throws Cancelled only.
Task<std::string> fault_of_service(config::Verify verify, std::string key_type, crypto::Certificate wanted);

}  // namespace acmed::deploy
