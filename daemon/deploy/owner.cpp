// SPDX-License-Identifier: Apache-2.0
#include "daemon/deploy/owner.h"

#include <fmt/format.h>

#include "base/error.h"
#include "base/host_accounts.h"

namespace acmed::deploy {
namespace {

template <class Id>
Id require(const HostAccount<Id>& account, const char* kind, const std::string& name) {
  if (account.id) return *account.id;
  if (account.error == 0) throw Refused("deploy:owner", fmt::format("this host has no {} \"{}\"", kind, name));
  throw Retry("deploy:owner", system_error_sentence(fmt::format("look up the {} \"{}\"", kind, name), account.error));
}

}  // namespace

Owner find_owner(const config::Access& access) {
  Owner owner;
  if (access.owner) owner.user = require(find_user(*access.owner), "user", *access.owner);
  if (access.group) owner.group = require(find_group(*access.group), "group", *access.group);
  return owner;
}

}  // namespace acmed::deploy
