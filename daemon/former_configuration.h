// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/runtime/task.h"
#include "daemon/deploy/actions.h"
#include "daemon/issue/abandoned_orders.h"
#include "daemon/issue/journey.h"
#include "daemon/store/store.h"
#include "daemon/work_in_progress.h"

namespace acmed {

/// What certificates and targets that are configured no longer have left behind.
class FormerConfiguration {
 public:
  /// What is configured now.
  struct Configured {
    bool is_whole;  ///< no file of it is left out
    std::function<bool(const std::string& certificate)> has_certificate;
    std::function<bool(const deploy::TargetName& target)> has_target;
  };

  FormerConfiguration(store::Store& store, issue::JourneyContext& context, deploy::Actions& actions,
                      issue::AbandonedOrders& abandoned, WorkInProgress& work)
      : store_(store), context_(context), actions_(actions), abandoned_(abandoned), work_(work) {}

  /// Removes their values and TLSA records from the DNS, leaves their orders to be abandoned, and takes back what was
  /// under way to a target when a process ended. Returns what failed, one sentence each.
  Task<std::vector<std::string>> clear(const Configured& configured);

 private:
  bool leave_orders(const std::string& name, store::Certificate& state);
  Task<> clear_certificates(const Configured& configured, std::vector<std::string>* troubles);
  Task<> clear_targets(const Configured& configured, std::vector<std::string>* troubles);

  store::Store& store_;
  issue::JourneyContext& context_;
  deploy::Actions& actions_;
  issue::AbandonedOrders& abandoned_;
  WorkInProgress& work_;
};

}  // namespace acmed
