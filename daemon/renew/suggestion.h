// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "daemon/acme/renewal_info.h"
#include "daemon/store/records.h"

namespace acmed::renew {

/// Takes what the CA suggests into the plan. Where the window is another one than before, a time in it is chosen anew,
/// each as likely as the other (RFC 9773 §4.2), and true is returned.
bool take_suggestion(store::RenewalPlan& plan, const acme::RenewalInfo& info);

}  // namespace acmed::renew
