// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <vector>

#include "base/runtime/task.h"
#include "daemon/deploy/actions.h"
#include "daemon/deploy_helper/request.h"
#include "daemon/store/records.h"

namespace acmed::deploy_helper {

/// The targets that a request names, as the configuration has them, with their generations. `contents`: one for each
/// subject of a request that needs them. Throws Refused ("helper:target") for what the configuration does not have,
/// Refused
/// ("helper:pair") for contents that are not of the certificate, config::Faults. Blocks.
deploy::Subjects find_subjects(const std::filesystem::path& configuration, const Request& request,
                               const std::vector<store::GenerationFiles>& contents);

/// Takes back what was under way to targets that the configuration has no more. `state`: with the journals. Failures
/// are logged. Blocks.
void take_back_former(const std::filesystem::path& configuration, const std::filesystem::path& state);

/// Carries a request out. `actions` must outlive it. Throws Error and Cancelled.
Task<Answer> perform(deploy::Actions& actions, Request request, deploy::Subjects subjects);

}  // namespace acmed::deploy_helper
