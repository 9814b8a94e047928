// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "daemon/acmectl/import/found.h"

namespace acmed::acmectl::import {

/// A shell command that was run after a renewal, as a target: "systemctl reload nginx" as a unit, a program with its
/// arguments as that, anything that takes a shell by "/bin/sh -c".
FoundTarget target_of_command(std::string name, std::string_view command);

}  // namespace acmed::acmectl::import
