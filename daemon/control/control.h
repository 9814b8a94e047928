// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/http/server.h"
#include "config/config.h"
#include "daemon/control/api.h"

namespace acmed::control {

/// Where the control socket is: as configured, else in $RUNTIME_DIRECTORY, else /run/acmed/control.sock.
std::filesystem::path socket_path(const config::Config& config);

/// The API at its sockets, as the configuration names them. Where one cannot be had that is told, and the daemon works
/// without it.
class Control {
 public:
  /// `subject` must outlive it.
  Control(Loop& loop, Subject& subject);
  Control(const Control&) = delete;
  Control& operator=(const Control&) = delete;

  /// Serves until cancelled; nothing before the first call of use().
  Task<> run();

  /// Another configuration is in force: its sockets are served from now on.
  void use(const config::Config& config);

  issue::Observer& observer() noexcept { return api_.observer(); }
  Api& api() noexcept { return api_; }

 private:
  /// What sockets there are to be.
  struct Wanted {
    std::filesystem::path socket;
    bool is_named = false;  ///< by the configuration: somebody expects it there
    std::vector<std::string> addresses;
    friend bool operator==(const Wanted&, const Wanted&) = default;
  };

  Task<> follow();
  Task<> other_is_wanted(Wanted now);
  Task<> serve(Wanted wanted);
  Task<> serve_until_cancelled(http::Server* server, std::vector<Fd> listeners);
  Task<> serve_socket(std::filesystem::path path, bool is_named);
  Task<> serve_addresses(std::vector<std::string> addresses);
  void tell_listeners();

  Api api_;
  http::Server local_;
  http::Server remote_;
  std::optional<Wanted> wanted_;
  Waiters changed_;
  std::vector<ListenerView> local_listeners_;
  std::vector<ListenerView> remote_listeners_;
};

}  // namespace acmed::control
