// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace acmed::config {

/// "; did you mean X?" with the candidate of which `word` is most likely a misspelling; otherwise empty.
std::string did_you_mean(std::string_view word, const std::vector<std::string>& candidates);

/// "a", "a or b", "a, b or c", for the end of a sentence.
std::string listed(const std::vector<std::string>& words, std::string_view last_joint = "or");

}  // namespace acmed::config
