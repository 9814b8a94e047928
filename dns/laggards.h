// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "dns/propagation.h"

namespace acmed::dns {

/// Who has not shown every value, and what each said last, for people: "ns1 (192.0.2.1), ns2 (192.0.2.2) said for
/// NAME: no answer by UDP and TCP; ns3 (192.0.2.3) had 1 of 2 values of NAME, beside "v1"". Those that are not waited
/// for are not named, unless there is no other.
std::string laggards(const std::vector<ServerReport>& reports);

}  // namespace acmed::dns
