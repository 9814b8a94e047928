// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "dns/name.h"

namespace acmed::providers {

/// For sentences: "a.example.test, b.example.test"; of many names, the first eight and how many more there are.
std::string list_names(const std::vector<dns::Name>& names);

}  // namespace acmed::providers
