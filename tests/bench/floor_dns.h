// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace floor_bench {

struct Txt {
  std::string name;
  std::string value;
};

enum class Change { add, remove };

/// One signed UPDATE message (RFC 2136, RFC 8945) for each zone of the lab that is concerned, all in flight together.
/// Returns how many.
int update(Change change, const std::vector<Txt>& records);

/// Asks every authoritative server for every name until all show all values. Returns the number of queries.
int await_everywhere(const std::vector<Txt>& records);

}  // namespace floor_bench
