// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "config/checked.h"

namespace acmed::config {

/// A name for a certificate that DNS-01 can prove: A-labels in lower case without the final dot, "*." in front for a
/// wildcard. Unicode is read by IDNA2008 with the non-transitional mapping of UTS 46.
Checked<> certificate_name(std::string_view text);

/// A DNS zone: as above, but without a wildcard, of any number of labels, and with '_' in its labels.
Checked<> zone_name(std::string_view text);

/// The label below which names are proved (RFC 8555 §8.4).
inline constexpr std::string_view challenge_label = "_acme-challenge";

/// Where the proof of `name` stands (RFC 8555 §8.4): the label, and the name without "*.".
std::string challenge_name(std::string_view name);

/// Whether `name` is `zone` or below it.
bool is_within(std::string_view name, std::string_view zone);

}  // namespace acmed::config
