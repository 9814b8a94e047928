// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/json.h"
#include "base/runtime/task.h"

namespace acmed::providers {

/// What one provider must not forget, as one JSON object that acmed alone can read.
class Memory {
 public:
  virtual ~Memory() = default;

  /// What was kept last; empty when nothing was. Throws Retry.
  virtual Task<json::Object> recall() = 0;

  /// Replaces what was kept. When this returns it lasts through a crash and a power cut. Throws Retry: then the old is
  /// still there.
  virtual Task<> keep(json::Object object) = 0;
};

}  // namespace acmed::providers
