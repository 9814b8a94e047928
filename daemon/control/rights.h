// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <vector>

#include "base/http/server.h"
#include "base/runtime/task.h"

namespace acmed::control {

/// What somebody may do with the daemon.
enum class Right { none, view, change };

/// The groups that give rights; those that the host does not have give none.
struct RightGroups {
  std::optional<gid_t> admin;  ///< acmed-admin
  std::optional<gid_t> view;   ///< acmed-view
};

/// Root, this process's user and members of the first group may change, members of the second one view.
Right right_of(const http::Peer::Process& process, const RightGroups& groups);

/// Who may do what by the control socket. The groups are looked up by name, anew when /etc/group changes, and once a
/// minute, for hosts whose groups come from elsewhere.
class Rights {
 public:
  explicit Rights(const Clock& clock) : clock_(clock) {}
  Task<Right> of(http::Peer::Process process);

 private:
  const Clock& clock_;
  RightGroups groups_;
  std::vector<long long> stamp_;  ///< of /etc/group as it was then
  std::optional<Moment> known_since_;
};

}  // namespace acmed::control
