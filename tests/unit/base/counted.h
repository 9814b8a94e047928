// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace acmed::test {

/// Counts how many of it there are: a coroutine that forgets or doubles an argument shows.
struct Counted {
  inline static int alive = 0;

  Counted() { ++alive; }
  Counted(const Counted&) { ++alive; }
  Counted& operator=(const Counted&) = default;
  ~Counted() { --alive; }
};

}  // namespace acmed::test
