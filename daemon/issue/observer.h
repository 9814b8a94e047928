// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "daemon/store/records.h"
#include "dns/propagation.h"

namespace acmed::issue {

/// Hears of each step of every certificate, identified by `certificate`. A log, a status page or a counter is an
/// observer; each overrides only what it needs. Called on the loop's thread; must return quickly and must not throw.
class Observer {
 public:
  virtual ~Observer() = default;

  /// Something is being done for it from now on, until ended().
  virtual void began(const std::string& /*certificate*/) {}
  virtual void ended(const std::string& /*certificate*/) {}
  /// The CA has created an order for `names` names.
  virtual void ordered(const std::string& /*certificate*/, const std::string& /*ca*/, const std::string& /*order_url*/,
                       std::size_t /*names*/) {}
  /// The DNS operators have accepted `values` TXT values.
  virtual void published(const std::string& /*certificate*/, std::size_t /*values*/) {}
  /// What each name server said last; called again whenever one of them changes.
  virtual void looked(const std::string& /*certificate*/, const std::vector<dns::ServerReport>& /*servers*/) {}
  /// Every name server shows every value, `after` the first query.
  virtual void propagated(const std::string& /*certificate*/, Duration /*after*/) {}
  /// Every name server of the zones at that provider shows its values, `after` the first query.
  virtual void visible(const std::string& /*provider*/, Duration /*after*/) {}
  /// The CA has validated all names.
  virtual void validated(const std::string& /*certificate*/) {}
  /// A new generation is in service.
  virtual void issued(const std::string& /*certificate*/, const std::string& /*ca*/, const store::Issued& /*issued*/) {}
  /// The CA suggests another time for the renewal than before.
  virtual void renewal_suggested(const std::string& /*certificate*/, const std::string& /*ca*/,
                                 const store::RenewalPlan& /*plan*/) {}
  /// A target has taken the generation in service.
  virtual void deployed(const std::string& /*certificate*/, const std::string& /*target*/) {}
  /// A target rejected the newer generation and has the earlier one again.
  virtual void rolled_back(const std::string& /*certificate*/, const std::string& /*target*/, unsigned /*generation*/) {
  }
  /// A generation is revoked: because somebody asked for it, or its CA's list says so.
  virtual void revoked(const std::string& /*certificate*/, const std::string& /*ca*/,
                       const store::Revocation& /*revocation*/) {}
  /// An order at that CA came to nothing, or that target did not take the generation; failed() says why.
  virtual void not_issued(const std::string& /*certificate*/, const std::string& /*ca*/) {}
  virtual void not_deployed(const std::string& /*certificate*/, const std::string& /*target*/) {}
  /// A duty failed: `what` begins a sentence ("not issued"). It is retried at `next_try`.
  virtual void failed(const std::string& /*certificate*/, const std::string& /*what*/, const Error& /*error*/,
                      Time /*next_try*/) {}

  /// An exchange with that CA has ended: what was asked ("read the order"), and the HTTP status of the answer; 0 for
  /// none.
  virtual void asked_ca(const std::string& /*ca*/, const std::string& /*request*/, int /*status*/,
                        Duration /*elapsed*/) {}
  /// That provider was to change a zone.
  virtual void asked_provider(const std::string& /*provider*/, bool /*succeeded*/) {}

  /// One that ignores everything.
  static Observer& nobody() {
    static Observer silent;
    return silent;
  }
};

}  // namespace acmed::issue
