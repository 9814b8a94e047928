// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "config/checked.h"

namespace acmed::config {

/// A certificate name that DNS-01 can prove: lower-case A-labels without a final dot, with "*." in front for a
/// wildcard. Unicode is processed by IDNA2008 with the non-transitional mapping of UTS 46.
Checked<> certificate_name(std::string_view text);

/// A DNS zone: as above, but without wildcards, with any number of labels, and with '_' allowed in labels.
Checked<> zone_name(std::string_view text);

/// Whether `name` equals `zone` or is below it.
bool is_within(std::string_view name, std::string_view zone);

}  // namespace acmed::config
