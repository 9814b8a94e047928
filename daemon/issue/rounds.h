// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "daemon/issue/zones.h"

namespace acmed::issue {

/// Indices of `values`, in as few rounds as `most` allows: `most` says how many values a provider holds at one name at
/// a time. A single round when there is no such limit.
std::vector<std::vector<std::size_t>> rounds_of(const std::vector<ZoneValue>& values,
                                                const std::function<std::size_t(const std::string& provider)>& most);

}  // namespace acmed::issue
