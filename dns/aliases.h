// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "dns/message.h"

namespace acmed::dns {

/// What an answer says that `name` is an alias of, by a CNAME or by a DNAME above it (RFC 6672 §2.3); nothing when it
/// is none.
std::optional<Name> alias_in(const Message& message, const Name& name);

}  // namespace acmed::dns
