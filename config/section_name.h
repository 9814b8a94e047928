// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace acmed::config {

/// What is wrong with the name of a certificate, target, CA or provider; empty when nothing is. Such a name stands in
/// paths and logs: letters in lower case, digits, '.', '_' and '-', not beginning with a dot.
std::string fault_of_section_name(std::string_view name);

}  // namespace acmed::config
