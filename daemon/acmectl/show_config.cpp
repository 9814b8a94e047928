// SPDX-License-Identifier: Apache-2.0
#include "config/config.h"
#include "config/load.h"
#include "daemon/acmectl/effective.h"
#include "daemon/acmectl/verbs.h"
#include "daemon/state_owner.h"

namespace acmed::acmectl {

Task<int> show_config(Session* session) {
  // What root may read says nothing about what acmed may.
  become_owner_of(config::state_directory_of(session->config_file));
  print(effective(config::load(session->config_file)));
  co_return exit_well;
}

}  // namespace acmed::acmectl
