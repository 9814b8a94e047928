// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "daemon/store/records.h"

namespace acmed::renew {

/// When the next certificate of an order that the CA renews by itself is there (RFC 8739 §3.5): it is published when
/// half of the order's `lifetime` is left of the one in service, or before. The same time serves for a new order, where
/// that one is the last. Nothing when the one in service is of no such order.
std::optional<Time> next_star_certificate(const store::Certificate& certificate);

}  // namespace acmed::renew
