// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/runtime/event.h"
#include "base/runtime/scope.h"
#include "daemon/asked.h"
#include "daemon/issue/acme_authority.h"
#include "daemon/work_in_progress.h"

namespace acmed {

/// By the name of their [ca.NAME].
using Authorities = std::map<std::string, std::unique_ptr<issue::AcmeAuthority>>;

/// Changes of the accounts at the CAs that a person asks for.
class AccountChanges {
 public:
  /// `made`: called when an account was made in the place of another.
  AccountChanges(const Authorities& authorities, WorkInProgress& work,
                 std::function<Task<>(const store::AccountIdentity&)> made)
      : authorities_(authorities), work_(work), made_(std::move(made)) {}

  /// Carried out by tend(): whoever waits may outlive this. Throws Refused for an unknown CA, and what the change
  /// throws.
  Task<control::Outcome> ask(std::string ca, control::AccountChange change);

  /// Carries out what is asked for, in `scope`, until canceled.
  Task<> tend(Scope* scope);

 private:
  struct Wish {
    issue::AcmeAuthority* authority;
    control::AccountChange change;
    Asked asked;
  };

  Task<> carry_out(Wish wish);
  Task<> change(issue::AcmeAuthority* authority, control::AccountChange change);

  const Authorities& authorities_;
  WorkInProgress& work_;
  std::function<Task<>(const store::AccountIdentity&)> made_;
  std::vector<Wish> wishes_;  ///< that are still to be carried out
  Waiters wished_;
};

}  // namespace acmed
