// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/time.h"

namespace acmed::test {

/// A clock that is set.
class SetClock final : public Clock {
 public:
  explicit SetClock(const Clock& real) : real_(real) {}
  Time now() const override { return real_.now() + ahead; }
  Moment moment() const override { return real_.moment(); }
  Duration ahead{};

 private:
  const Clock& real_;
};

}  // namespace acmed::test
