// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>

#include "base/error.h"

namespace acmed {

/// "host", "ca", "dns_operator", "name_server", "target".
std::string_view to_text(Party party) noexcept;
/// The party of that name; nothing for anything else.
std::optional<Party> party_from_text(std::string_view text) noexcept;

}  // namespace acmed
