// SPDX-License-Identifier: Apache-2.0
// The octets of a connection by TCP, as they come: the server takes them apart, and the API answers. Nothing is
// changed, and the next client is served.
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/http/server.h"
#include "base/runtime/offload.h"
#include "tests/unit/control/scene.h"

namespace acmed {
namespace {

constexpr std::string_view right_request =
    "GET /v1/certificates/web HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

/// A name in the kernel alone: no file has to be removed.
sockaddr_un address() {
  sockaddr_un result{};
  result.sun_family = AF_UNIX;
  const auto name = "acmed-fuzz-" + std::to_string(::getpid());
  name.copy(static_cast<char*>(result.sun_path) + 1, sizeof result.sun_path - 2);
  return result;
}

Fd made_socket(int (*use)(int, const sockaddr*, socklen_t)) {
  Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const auto at = address();
  if (use(fd.get(), reinterpret_cast<const sockaddr*>(&at), sizeof at) != 0) std::abort();
  return fd;
}

std::string rest_of(const Fd& connection, int flags) {
  std::string text;
  std::array<char, 4096> some{};
  for (;;) {
    const auto count = ::recv(connection.get(), some.data(), some.size(), flags);
    if (count <= 0) return text;
    text.append(some.data(), static_cast<std::size_t>(count));
  }
}

void ask(const std::string& octets) {
  const auto client = made_socket(::connect);
  ::send(client.get(), octets.data(), octets.size(), MSG_NOSIGNAL);
  // Whoever comes next is answered; by then the first one has been looked at.
  const auto next = made_socket(::connect);
  ::send(next.get(), right_request.data(), right_request.size(), MSG_NOSIGNAL);
  if (!rest_of(next, 0).starts_with("HTTP/1.1 200")) std::abort();
  const auto said = rest_of(client, MSG_DONTWAIT);
  if (!said.empty() && !said.starts_with("HTTP/1.")) std::abort();
}

http::ServerResponse refusal(int status, std::string_view sentence) {
  http::ServerResponse response;
  response.status = status;
  response.body = sentence;
  return response;
}

Task<http::ServerResponse> respond(control::Scene* scene, http::ServerRequest request) {
  request.peer = {};  // nobody who is known
  co_return co_await scene->api.respond(std::move(request));
}

Task<> on_thread(std::string octets) {
  co_await offload([octets = std::move(octets)] { ask(octets); });
}

}  // namespace
}  // namespace acmed

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace acmed;
  static control::Scene scene;
  if (scene.kept.all.empty()) scene.kept.add("web").targets.push_back({"nginx", 1, true, {}});
  http::ServerSettings settings;
  settings.to_close = Duration::zero();
  http::Server server(
      scene.loop, [](http::ServerRequest request) { return respond(&scene, std::move(request)); }, refusal, settings);
  std::vector<Fd> listeners;
  listeners.push_back(made_socket(::bind));
  ::listen(listeners.front().get(), 8);
  ::fcntl(listeners.front().get(), F_SETFL, O_NONBLOCK);
  std::string octets(reinterpret_cast<const char*>(data), size);
  run(scene.loop,
      accompanied(accompanied(on_thread(std::move(octets)), server.run(std::move(listeners))), scene.api.run()));
  if (scene.reloads != 0 || !scene.kept.asked.empty()) std::abort();
  return 0;
}
