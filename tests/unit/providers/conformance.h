// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>

#include "base/runtime/loop.h"
#include "providers/provider.h"

namespace acmed::providers {

/// What can be put in a provider's way.
enum class Fault {
  credentials,  ///< every call is refused: who are you?
  throttled,    ///< every call is refused: too many
  silent,       ///< what is asked for is done, and never answered
  garbage       ///< every answer is nonsense
};

/// A provider to be tried out, and a look behind it: a real operator or a faithful fake.
class Stage {
 public:
  virtual ~Stage() = default;
  virtual Loop& loop() = 0;
  /// A provider as after a start of acmed: it knows nothing of what another one did.
  virtual std::unique_ptr<Provider> make_provider() = 0;
  /// The zone that the operator serves.
  virtual dns::Name zone() = 0;
  /// The TXT values that the operator holds at `name`.
  virtual std::set<std::string> values_at(const dns::Name& name) = 0;
  /// Puts a value there by other means than the provider.
  virtual void put(const dns::Name& name, const std::string& value) = 0;
  /// Whether put() is possible at all.
  virtual bool has_others() { return true; }
  /// Puts `fault` in the way of providers that are made from now on; false when this operator cannot be made to.
  virtual bool fault(Fault) { return false; }
  /// Ends a fault.
  virtual void heal() {}
};

/// What every provider must do. To be called in a SCENARIO.
void check_conformance(Stage& stage);

}  // namespace acmed::providers
