// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

namespace acmed {

/// What root may do says nothing about acmed: root goes on as the user to whom the state directory belongs. Anybody
/// else stays who they are, and so does root where there is no such directory or it is root's. Throws Refused
/// ("check:user").
void become_owner_of(const std::filesystem::path& state_directory);

}  // namespace acmed
