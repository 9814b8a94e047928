// SPDX-License-Identifier: Apache-2.0
#include "daemon/control/control.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <cstdlib>

#include "base/error.h"
#include "base/http/listen.h"
#include "base/log.h"
#include "base/runtime/offload.h"

namespace acmed::control {
namespace {

/// Everybody may connect: who may do what is decided for each request by the peer's credentials, which can name two
/// groups and tell in a sentence what is missing; a file has but one group, and says "permission denied". What a
/// stranger can use up by that is bounded for each user.
constexpr mode_t socket_mode = 0666;

/// By TCP come browsers and Prometheus: few, and whoever reaches the address.
http::ServerSettings remote_settings() {
  http::ServerSettings settings;
  settings.connections = 128;
  settings.connections_of_peer = 96;
  settings.streams = 48;
  settings.waiting = 512;
  settings.waiting_of_peer = 256;
  return settings;
}

http::ServerResponse refusal(int status, std::string_view sentence) {
  auto response = ProblemResponse(status, "control:refused", std::string(sentence)).response();
  add_usual_headers(response);
  return response;
}

}  // namespace

std::filesystem::path socket_path(const config::Config& config) {
  if (config.control_socket) return *config.control_socket;
  const char* from_manager = std::getenv("RUNTIME_DIRECTORY");
  if (from_manager == nullptr || *from_manager == '\0') return "/run/acmed/control.sock";
  // With several directories in RuntimeDirectory= systemd joins them with colons; the first one is ours.
  const std::string_view all = from_manager;
  return std::filesystem::path(all.substr(0, all.find(':'))) / "control.sock";
}

Control::Control(Loop& loop, Subject& subject)
    : api_(loop, subject),
      local_(
          loop, [this](http::ServerRequest request) { return api_.respond(std::move(request)); }, refusal),
      remote_(
          loop, [this](http::ServerRequest request) { return api_.respond(std::move(request)); }, refusal,
          remote_settings()) {}

void Control::use(const config::Config& config) {
  api_.set_hosts(config.http_hosts);
  api_.configuration_changed();
  Wanted wanted{socket_path(config), config.control_socket.has_value(), config.http_listen};
  if (wanted_ == wanted) return;
  wanted_ = std::move(wanted);
  changed_.wake_all();
}

Task<> Control::run() {
  Scope scope(co_await context());
  scope.spawn(api_.run());
  scope.spawn(follow());
  co_await scope.join();
}

/// What is served ends when something else is wanted.
Task<> Control::follow() {
  for (;;) {
    while (!wanted_) co_await changed_.turn();
    const auto now = *wanted_;
    co_await accompanied(other_is_wanted(now), serve(now));
  }
}

Task<> Control::other_is_wanted(Wanted now) {
  while (wanted_ == now) co_await changed_.turn();
}

Task<> Control::serve(Wanted wanted) {
  std::vector<Task<>> both;
  both.push_back(serve_socket(wanted.socket, wanted.is_named));
  both.push_back(serve_addresses(wanted.addresses));
  co_await when_all(std::move(both));
}

Task<> Control::serve_socket(std::filesystem::path path, bool is_named) {
  std::vector<Fd> listeners;
  std::string fault;
  try {
    listeners.push_back(co_await offload([path] { return http::listen_at_path(path, socket_mode); }));
  } catch (const Error& error) {
    fault = fmt::format("no control socket: {}; acmed works without it", error.what());
  }
  if (!fault.empty()) {
    log::write(is_named ? log::Level::warning : log::Level::notice, fault);
    co_return;
  }
  // Still listening while it is removed, it cannot be somebody else's by then.
  const Fd held(::fcntl(listeners.front().get(), F_DUPFD_CLOEXEC, 0));
  local_listeners_ = {{"unix", path.string()}};
  tell_listeners();
  co_await serve_until_cancelled(&local_, std::move(listeners));
  http::remove_socket(path, held);
  local_listeners_.clear();
  tell_listeners();
}

Task<> Control::serve_addresses(std::vector<std::string> addresses) {
  std::vector<Fd> listeners;
  for (const auto& address : addresses) {
    try {
      listeners.push_back(http::listen_at_address(address));
      remote_listeners_.push_back({"tcp", address});
    } catch (const Error& error) {
      log::warning(fmt::format("[http] listen: {}; acmed works without it", error.what()));
    }
  }
  if (listeners.empty()) co_return;
  tell_listeners();
  co_await serve_until_cancelled(&remote_, std::move(listeners));
  remote_listeners_.clear();
  tell_listeners();
}

Task<> Control::serve_until_cancelled(http::Server* server, std::vector<Fd> listeners) {
  try {
    co_await server->run(std::move(listeners));
  } catch (const Cancelled&) {
    // The caller puts away what is left.
  } catch (const Error& error) {
    log::error(fmt::format("{}; acmed works without it", error.what()));
  }
}

void Control::tell_listeners() {
  auto all = local_listeners_;
  all.insert(all.end(), remote_listeners_.begin(), remote_listeners_.end());
  api_.set_listeners(std::move(all));
}

}  // namespace acmed::control
