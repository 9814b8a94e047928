// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/runtime/task.h"
#include "daemon/acmectl/session.h"

/// What acmectl does, one function for each verb. Each returns an exit status; failures that no verb knows better about
/// are thrown: Refusal, Retry (no_daemon), config::Faults, Error, Cancelled. `session` must outlive the task.
namespace acmed::acmectl {

/// The certificates as a table: those named, or all. `watch`: again and again, until cancelled.
Task<int> status(Session* session, std::vector<std::string> names, bool watch);
Task<int> show(Session* session, std::string name);
/// `wait`: until the work has ended, showing its steps.
Task<int> renew(Session* session, std::vector<std::string> names, bool force, bool wait);
Task<int> deploy(Session* session, std::string name, std::string target, bool wait);
/// `generation`: 0 for the one in service. `replace`: not before another one is in service.
Task<int> revoke(Session* session, std::string name, unsigned generation, std::string reason, bool replace, bool wait);
/// Our accounts at the CAs, or the one at `ca` where that is not empty.
Task<int> list_accounts(Session* session, std::string ca);
/// `action`: "roll-key", "deactivate" or "create".
Task<int> change_account(Session* session, std::string action, std::string ca, bool wait);
/// `follow`: also those to come, until cancelled.
Task<int> events(Session* session, bool follow);
Task<int> examine(Session* session, std::string name, bool touch_dns);
/// The configuration as it is in force after defaults, without its secrets.
Task<int> show_config(Session* session);
Task<int> reload(Session* session);
/// The daemon's metrics. `output`: the file that is replaced by them; empty for standard output.
Task<int> metrics(Session* session, std::filesystem::path output);
/// The names of the certificates, one a line, for the completions of shells.
Task<int> list_names(Session* session);

}  // namespace acmed::acmectl
