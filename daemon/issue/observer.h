// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "daemon/store/records.h"
#include "dns/propagation.h"

namespace acmed::issue {

/// Hears of each step of every certificate, named by `certificate`. Whoever wants to tell of it - a log, a status, a
/// count - is one; what is of no interest is left as it is. Called on the loop's thread; must return quickly and must
/// not throw.
class Observer {
 public:
  virtual ~Observer() = default;

  /// The CA has made an order for `names` names.
  virtual void ordered(const std::string& /*certificate*/, const std::string& /*ca*/, const std::string& /*order_url*/,
                       std::size_t /*names*/) {}
  /// The DNS operators have accepted `values` TXT values.
  virtual void published(const std::string& /*certificate*/, std::size_t /*values*/) {}
  /// What each name server said last; again whenever one of them says something else.
  virtual void looked(const std::string& /*certificate*/, const std::vector<dns::ServerReport>& /*servers*/) {}
  /// Every name server shows every value, `after` the first look.
  virtual void propagated(const std::string& /*certificate*/, Duration /*after*/) {}
  /// The CA has validated all names.
  virtual void validated(const std::string& /*certificate*/) {}
  /// A new generation is in service.
  virtual void issued(const std::string& /*certificate*/, const std::string& /*ca*/, const store::Issued& /*issued*/) {}
  /// A target has the generation in service.
  virtual void deployed(const std::string& /*certificate*/, const std::string& /*target*/) {}
  /// A target did not take the newer generation and has the earlier one again.
  virtual void rolled_back(const std::string& /*certificate*/, const std::string& /*target*/, unsigned /*generation*/) {
  }
  /// A duty failed: `what`, for the beginning of a sentence ("not issued"). It is tried again at `next_try`.
  virtual void failed(const std::string& /*certificate*/, const std::string& /*what*/, const Error& /*error*/,
                      Time /*next_try*/) {}
};

}  // namespace acmed::issue
