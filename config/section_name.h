// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace acmed::config {

/// What is wrong with the name of a certificate, target, CA or provider; empty when nothing is. Such names appear in
/// paths and logs: lower-case letters, digits, '.', '_' and '-', not starting with a dot.
std::string fault_of_section_name(std::string_view name);

}  // namespace acmed::config
