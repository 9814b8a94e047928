// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace acmed::acmectl {

/// The completions for "bash", "zsh" or "fish": what is installed from packaging/completions. Empty for others.
std::string_view completion_for(std::string_view shell);

}  // namespace acmed::acmectl
