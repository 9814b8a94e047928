// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "providers/route53/credentials.h"

namespace acmed::providers::route53 {

/// Reads {"AccessKeyId", "SecretAccessKey", "Token", "Expiration"}, as the endpoints of containers and instances send
/// it. Nothing when a part is missing.
std::optional<Credentials> credentials_in_json(const std::string& text);

}  // namespace acmed::providers::route53
