// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <set>
#include <string>

#include "base/runtime/loop.h"
#include "providers/provider.h"

namespace acmed::providers {

/// A provider to be tried out, and a look behind it: a real operator or a faithful fake with the zone example.test.
class Stage {
 public:
  virtual ~Stage() = default;
  virtual Loop& loop() = 0;
  virtual Provider& provider() = 0;
  /// The TXT values that the operator holds at `name`.
  virtual std::set<std::string> values_at(const dns::Name& name) = 0;
  /// Puts a value there by other means than the provider.
  virtual void put(const dns::Name& name, const std::string& value) = 0;
};

/// What every provider must do. To be called in a SCENARIO.
void check_conformance(Stage& stage);

}  // namespace acmed::providers
