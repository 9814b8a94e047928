// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "daemon/keep/view.h"

namespace acmed::notify {

/// The certificates that operators are told of.
class Watched {
 public:
  virtual ~Watched() = default;

  /// Those with a trouble, and those that wait although they are due.
  virtual std::vector<keep::CertificateView> troubled() = 0;

  /// `unknown`: what is remembered of it is not read yet. `gone`: it is not configured any more.
  enum class Condition { unknown, troubled, well, gone };
  virtual Condition condition(const std::string& certificate) = 0;
};

}  // namespace acmed::notify
