// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "base/error.h"
#include "base/http/client.h"
#include "base/json.h"
#include "base/runtime/task.h"
#include "daemon/acmectl/event_stream.h"

namespace acmed::acmectl {

/// Cause: nobody answers at the control socket.
inline constexpr const char* no_daemon = "control:no-daemon";
/// Cause: a configuration is just being put in force; ask again in a moment.
inline constexpr const char* replaced = "control:503";

/// What the daemon refused: a problem document (RFC 9457).
class Refusal : public Refused {
 public:
  Refusal(int status, json::Value problem, const std::string& sentence)
      : Refused("control:" + std::to_string(status), sentence), problem_(std::move(problem)) {}
  /// Null when it sent no such document.
  const json::Value& problem() const noexcept { return problem_; }

 private:
  json::Value problem_;
};

/// The daemon's control API, on its Unix socket.
class Api {
 public:
  Api(Loop& loop, std::filesystem::path socket);

  /// The answer to GET. Throws Retry (no_daemon), Refusal.
  Task<json::Value> get(std::string path);
  /// The answer to GET as it comes, where it is no JSON.
  Task<std::string> text(std::string path);
  /// The answer to POST. `limit`: for the whole exchange; an examination takes its time.
  Task<json::Value> post(std::string path, json::Value body, Duration limit = std::chrono::seconds(30));
  /// Calls `on_event` with each event after `since` (an id; empty for those from now on) until the server ends the
  /// stream, or cancelled.
  Task<> events(std::string since, std::function<void(const ServerEvent&)> on_event);

  const std::filesystem::path& socket() const noexcept { return socket_; }

 private:
  Task<http::Response> send(http::Request request);
  Task<http::Response> ask(std::string path);
  static json::Value content(const http::Response& response);

  std::filesystem::path socket_;
  http::Client client_;
};

/// NAME in a path, whatever characters it has.
std::string in_path(const std::string& name);

}  // namespace acmed::acmectl
