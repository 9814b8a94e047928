// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "base/runtime/task.h"
#include "base/secret.h"

namespace acmed::providers::route53 {

/// The content of a file on which this process may rely to be small, without the line end at its end; nothing when
/// there is no such file. Read by a worker thread. Throws Retry.
Task<std::optional<Secret>> read_secret_file(std::string path);

}  // namespace acmed::providers::route53
