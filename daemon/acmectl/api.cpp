// SPDX-License-Identifier: Apache-2.0
#include "daemon/acmectl/api.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/encoding.h"
#include "base/host_accounts.h"
#include "base/secret_list.h"

namespace acmed::acmectl {
namespace {

using namespace std::chrono_literals;

/// Whatever it is called, it is behind the socket.
constexpr const char* origin = "http://acmed";
constexpr std::size_t largest_answer = std::size_t{64} * 1024 * 1024;  // ten thousand certificates and more
constexpr Duration longest_stream = std::chrono::hours(24 * 365);
constexpr std::size_t longest_sentence = 2048;
constexpr std::string_view no_connection = "curl:7";

http::Settings settings_for(const std::filesystem::path& socket) {
  http::Settings settings;
  settings.user_agent = "acmectl/" ACMED_VERSION;
  settings.allow_plain_http = true;
  settings.unix_socket = socket;
  settings.by_proxy = false;
  return settings;
}

/// Why nobody can be asked at `socket`, with what to do.
std::string fault_of(const std::filesystem::path& socket, const Error& error) {
  struct stat status {};
  const bool is_there = ::stat(socket.c_str(), &status) == 0;
  if (is_there && !S_ISSOCK(status.st_mode)) {
    return fmt::format("{} is no socket: acmed's is /run/acmed/control.sock, or what [control] says", socket.string());
  }
  if (!is_there && errno == ENOENT) {
    return fmt::format(
        "there is no control socket {}: acmed does not run (systemctl start acmed), or has another one "
        "(--socket, $ACMED_SOCKET)",
        socket.string());
  }
  if (::access(socket.c_str(), R_OK | W_OK) != 0 && errno == EACCES) {
    return fmt::format("the user {} may not use {}: use sudo, or join the group acmed-admin (acmed-view to read)",
                       name_of_user(::geteuid()), socket.string());
  }
  if (error.cause() == no_connection) {
    return fmt::format("nobody listens at {}: acmed does not run any more (systemctl status acmed)", socket.string());
  }
  return fmt::format("acmed does not answer at {}: {}", socket.string(), error.what());
}

}  // namespace

Api::Api(Loop& loop, std::filesystem::path socket) : socket_(std::move(socket)), client_(loop, settings_for(socket_)) {}

Task<http::Response> Api::send(http::Request request) {
  try {
    co_return co_await client_.send(std::move(request));
  } catch (const Error& error) {
    throw Retry(no_daemon, fault_of(socket_, error));
  }
}

json::Value Api::content(const http::Response& response) {
  auto body = json::parse(response.body);
  if (response.status >= 200 && response.status < 300) return body ? *std::move(body) : json::Value();
  auto problem = body ? *std::move(body) : json::Value();
  auto sentence = problem["detail"].text_or(problem["title"].text_or());
  if (sentence.empty()) sentence = fmt::format("acmed answers with status {}", response.status);
  throw Refusal(response.status, std::move(problem), fit_to_show(sentence, longest_sentence));
}

Task<http::Response> Api::ask(std::string path) {
  http::Request request{"GET", origin + path, {}, {}};
  request.most_body = largest_answer;
  co_return co_await send(std::move(request));
}

Task<json::Value> Api::get(std::string path) {
  const auto response = co_await ask(std::move(path));
  co_return content(response);
}

Task<std::string> Api::text(std::string path) {
  auto response = co_await ask(std::move(path));
  if (response.status != 200) content(response);  // throws
  co_return std::move(response.body);
}

Task<json::Value> Api::post(std::string path, json::Value body, Duration limit) {
  http::Request request{"POST", origin + path, {{"content-type", "application/json"}}, json::dump(body), limit};
  request.most_body = largest_answer;
  request.at_most_once = true;
  const auto response = co_await send(std::move(request));
  co_return content(response);
}

Task<> Api::events(std::string since, std::function<void(const ServerEvent&)> on_event) {
  http::Request request{
      "GET", fmt::format("{}/v1/events", origin), {{"accept", "text/event-stream"}}, {}, longest_stream};
  if (!since.empty()) request.headers.emplace_back("last-event-id", since);
  const auto stream = std::make_shared<EventStream>();
  request.on_part = [stream, on_event = std::move(on_event)](std::string_view part) {
    for (const auto& event : stream->feed(part)) on_event(event);
  };
  const auto response = co_await send(std::move(request));
  content(response);
}

std::string in_path(const std::string& name) {
  return percent_encoded(name);
}

}  // namespace acmed::acmectl
