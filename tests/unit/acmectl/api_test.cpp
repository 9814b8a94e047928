// SPDX-License-Identifier: Apache-2.0
#include "daemon/acmectl/api.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <thread>

#include "base/fd.h"
#include "base/runtime/event.h"
#include "base/runtime/scope.h"
#include "tests/unit/catch.h"
#include "tests/unit/temporary_folder.h"

namespace acmed::acmectl {
namespace {

using Catch::Contains;
using namespace std::chrono_literals;

/// Answers each connection at a Unix socket with one text, and keeps it open for as long as the test wants.
class UnixServer {
 public:
  UnixServer(const std::filesystem::path& path, std::string answer) : answer_(std::move(answer)) {
    listener_ = Fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
    REQUIRE(::bind(listener_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    REQUIRE(::listen(listener_.get(), 8) == 0);
    thread_ = std::thread([this] { serve(); });
  }
  ~UnixServer() {
    ::shutdown(listener_.get(), SHUT_RDWR);
    thread_.join();
  }

  std::string request;  ///< the latest; look at it when the answer has come

 private:
  void serve() {
    std::vector<Fd> open;
    for (;;) {
      Fd connection(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
      if (!connection) return;
      char buffer[4096];
      const auto count = ::read(connection.get(), buffer, sizeof buffer);
      request.assign(buffer, static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
      static_cast<void>(::send(connection.get(), answer_.data(), answer_.size(), MSG_NOSIGNAL));
      open.push_back(std::move(connection));
    }
  }

  std::string answer_;
  Fd listener_;
  std::thread thread_;
};

std::string http(const std::string& status, const std::string& body) {
  return "HTTP/1.1 " + status + "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

struct Scene {
  TemporaryFolder folder;
  std::filesystem::path socket = folder.path() / "control.sock";
  Loop loop;

  template <class Call>
  Error failure(const Call& call) {
    try {
      call();
    } catch (const Error& error) {
      return error;
    }
    FAIL("it did not fail");
    throw std::logic_error("unreachable");
  }
};

}  // namespace

SCENARIO("the daemon is asked through its socket") {
  Scene scene;
  WHEN("it answers") {
    UnixServer server(scene.socket, http("200 OK", R"({"a": 1})"));
    Api api(scene.loop, scene.socket);
    const auto answer = run(scene.loop, api.get("/v1/certificates/" + in_path("a/b c")));
    CHECK(answer["a"].integer_or(0) == 1);
    CHECK_THAT(server.request, Contains("GET /v1/certificates/a%2Fb%20c HTTP/1.1\r\n"));
  }
  WHEN("it refuses") {
    UnixServer server(scene.socket, http("404 Not Found", R"({"title": "t", "detail": "no such; did you mean b?"})"));
    Api api(scene.loop, scene.socket);
    const auto error = scene.failure([&] { run(scene.loop, api.post("/v1/x", json::Object{{"force", true}})); });
    CHECK(error.cause() == "control:404");
    CHECK(std::string(error.what()) == "no such; did you mean b?");
    CHECK_THAT(server.request, Contains("POST /v1/x HTTP/1.1\r\n") && Contains("application/json"));
  }
  WHEN("there is none") {
    Api api(scene.loop, scene.socket);
    const auto error = scene.failure([&] { run(scene.loop, api.get("/v1/status")); });
    CHECK(error.cause() == no_daemon);
    CHECK_THAT(error.what(), Contains("there is no control socket") && Contains("systemctl start acmed"));
  }
}

SCENARIO("events come while the stream goes on") {
  Scene scene;
  UnixServer server(
      scene.socket,
      "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\nid: 1\ndata: {\"x\": 1}\n\nid: 2\ndata: y\n\n");
  Api api(scene.loop, scene.socket);
  std::vector<std::string> seen;
  Event both;
  const auto on_event = [&](const ServerEvent& event) {
    seen.push_back(event.data);
    if (seen.size() == 2) both.set();
  };
  run(scene.loop, accompanied(both.wait(), api.events("5", on_event)));
  CHECK(seen == std::vector<std::string>{R"({"x": 1})", "y"});
  CHECK_THAT(server.request, Contains("ast-") && Contains(": 5\r\n"));
}

}  // namespace acmed::acmectl
