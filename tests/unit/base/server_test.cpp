// SPDX-License-Identifier: Apache-2.0
#include "base/http/server.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <fstream>

#include "base/http/listen.h"
#include "base/runtime/offload.h"
#include "base/runtime/sleep.h"
#include "tests/unit/catch.h"
#include "tests/unit/outcome.h"
#include "tests/unit/temporary_folder.h"

namespace acmed::http {
namespace {

using namespace std::chrono_literals;

constexpr int patience_ms = 20'000;

ServerResponse plain(int status, std::string_view text) {
  ServerResponse response;
  response.status = status;
  response.body = text;
  return response;
}

/// Pieces without an end.
class Flood final : public ServerBody {
 public:
  std::optional<std::string> next() override { return std::string(std::size_t{64} * 1024, 'x'); }
};

/// One piece, then nothing until it is told.
class Feed final : public ServerBody {
 public:
  explicit Feed(std::set<Feed*>& all) : all_(all) { all_.insert(this); }
  ~Feed() override { all_.erase(this); }
  std::optional<std::string> next() override { return std::exchange(text_, {}); }
  std::string sign_of_life() const override { return ": life\n"; }
  void say(const std::string& text) {
    text_ += text;
    wake();
  }

 private:
  std::set<Feed*>& all_;
  std::string text_ = "begin\n";
};

/// A server at a Unix socket, and what its handler saw.
struct Scene {
  TemporaryFolder folder;
  std::filesystem::path path = folder.path() / "control.sock";
  Loop loop;
  std::set<Feed*> feeds;
  std::shared_ptr<const std::string> shared;
  int cancelled = 0;
  int handled = 0;
  Peer peer;
  ServerSettings settings;
  std::unique_ptr<Server> server;

  Task<ServerResponse> handle(ServerRequest request) {
    ++handled;
    peer = request.peer;
    if (request.path == "/echo") co_return plain(200, request.method + " " + request.body);
    if (request.path == "/query") {
      std::string text;
      for (const auto& [name, value] : request.query) text += name + "=" + value + ";";
      co_return plain(200, text + request.header("x-mark"));
    }
    if (request.path == "/soon") co_await sleep_for(20ms);
    if (request.path == "/throw") throw std::runtime_error("a defect");
    if (request.path == "/wait") {
      bool is_cancelled = false;
      try {
        co_await sleep_for(1h);
      } catch (const Cancelled&) {
        is_cancelled = true;
      }
      cancelled += is_cancelled ? 1 : 0;
      if (is_cancelled) throw Cancelled();
    }
    auto response = plain(200, "hello");
    if (request.path == "/shared") response.shared_body = shared;
    if (request.path == "/flood") response.made_body = std::make_unique<Flood>();
    if (request.path == "/feed") {
      response.made_body = std::make_unique<Feed>(feeds);
      response.is_stream = true;
    }
    co_return response;
  }

  /// Runs `story` beside the server, which ends with it.
  void serve(Task<> story) {
    server = std::make_unique<Server>(
        loop, [this](ServerRequest request) { return handle(std::move(request)); }, plain, settings);
    std::vector<Fd> listeners;
    listeners.push_back(listen_at_path(path, 0600));
    run(loop, accompanied(std::move(story), server->run(std::move(listeners))));
  }
  /// The same; `client` runs on a thread.
  template <class Client>
  void serve_client(Client client) {
    serve(on_thread(std::function<void()>(std::move(client))));
  }
  static Task<> on_thread(std::function<void()> call) { co_await offload(std::move(call)); }

  Fd connect() const {
    Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.native().copy(static_cast<char*>(address.sun_path), sizeof address.sun_path - 1);
    if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) fd.reset();
    return fd;
  }
};

void send_text(const Fd& fd, std::string_view text) {
  while (!text.empty()) {
    const auto sent = ::send(fd.get(), text.data(), text.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(sent));
  }
}

/// What comes until `end` is among it, or the connection ends.
std::string read_until(const Fd& fd, std::string_view end) {
  std::string text;
  std::array<char, 4096> some{};
  while (end.empty() || text.find(end) == std::string::npos) {
    pollfd ready{fd.get(), POLLIN, 0};
    if (::poll(&ready, 1, patience_ms) != 1) return text + "(nothing more comes)";
    const auto count = ::recv(fd.get(), some.data(), some.size(), 0);
    if (count <= 0) break;
    text.append(some.data(), static_cast<std::size_t>(count));
  }
  return text;
}
std::string read_all(const Fd& fd) {
  return read_until(fd, "");
}

std::string get(const std::string& target, const std::string& more = "") {
  return fmt::format("GET {} HTTP/1.1\r\nHost: acmed\r\n{}Connection: close\r\n\r\n", target, more);
}

int status_of(const std::string& response) {
  return response.starts_with("HTTP/1.1 ") ? std::stoi(response.substr(9, 3)) : 0;
}
std::string body_of(const std::string& response) {
  const auto end = response.find("\r\n\r\n");
  return end == std::string::npos ? "" : response.substr(end + 4);
}

std::string answer_to(const Scene& scene, const std::string& request) {
  const auto fd = scene.connect();
  send_text(fd, request);
  return read_all(fd);
}

template <class Condition>
Task<> until(Condition condition) {
  for (int i = 0; i < 2000 && !condition(); ++i) co_await sleep_for(5ms);
}

}  // namespace

SCENARIO("a request reaches its handler whole, and its answer the client") {
  Scene scene;
  std::string first;
  std::string second;
  std::string failed;
  std::string head;
  scene.serve_client([&] {
    first =
        answer_to(scene, "POST /echo HTTP/1.1\r\nHost: acmed\r\nContent-Length: 5\r\nConnection: close\r\n\r\nworld");
    second = answer_to(scene, get("/query?a=1&b=x%20y&c", "X-Mark: here\r\n"));
    failed = answer_to(scene, get("/throw"));
    head = answer_to(scene, "HEAD /hello HTTP/1.1\r\nHost: acmed\r\nConnection: close\r\n\r\n");
  });
  CHECK(status_of(first) == 200);
  CHECK(body_of(first) == "POST world");
  CHECK(body_of(second) == "a=1;b=x y;c=;here");
  CHECK(status_of(failed) == 500);
  CHECK(body_of(failed) == "a defect");
  CHECK(status_of(head) == 200);
  CHECK(body_of(head).empty());
  REQUIRE(scene.peer.process);
  CHECK(scene.peer.process->user == ::geteuid());
  CHECK(scene.peer.process->group == ::getegid());
}

SCENARIO("a connection is used for several requests, one after another") {
  Scene scene;
  std::string first;
  std::string second;
  scene.serve_client([&] {
    const auto fd = scene.connect();
    send_text(fd, "GET /soon HTTP/1.1\r\nHost: acmed\r\n\r\n");
    first = read_until(fd, "hello");
    send_text(fd, get("/soon"));
    second = read_all(fd);
  });
  CHECK(status_of(first) == 200);
  CHECK(status_of(second) == 200);
}

SCENARIO("500 clients at the same time are all answered, though one user may have few connections") {
  Scene scene;
  scene.settings.connections_of_peer = 40;
  int answered = 0;
  std::size_t most = 0;
  Loop::Timer watch;
  std::function<void()> look = [&] {
    most = std::max(most, scene.server->connections());
    scene.loop.set_timer(watch, scene.loop.clock().moment() + 1ms, look);
  };
  scene.loop.set_timer(watch, scene.loop.clock().moment(), look);
  scene.serve_client([&] {
    std::vector<Fd> clients;
    for (int i = 0; i < 500; ++i) clients.push_back(scene.connect());
    for (const auto& client : clients) send_text(client, get("/soon"));
    for (const auto& client : clients) answered += status_of(read_all(client)) == 200 ? 1 : 0;
  });
  CHECK(answered == 500);
  CHECK(most <= 40);
}

SCENARIO("garbage is refused and changes nothing for others") {
  Scene scene;
  std::string after;
  scene.serve_client([&] {
    for (const std::string text :
         {"", "\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/9.9\r\n\r\n", "\x16\x03\x01\x02", "GET / HTTP/1.1\r\nHost\r\n\r\n",
          "POST /echo HTTP/1.1\r\nHost: acmed\r\nContent-Length: -1\r\n\r\n",
          "POST /echo HTTP/1.1\r\nHost: acmed\r\nContent-Length: 99999999999999999999999\r\n\r\n",
          "POST /echo HTTP/1.1\r\nHost: acmed\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
          "POST /echo HTTP/1.1\r\nHost: acmed\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"}) {
      const auto fd = scene.connect();
      send_text(fd, text);
      ::shutdown(fd.get(), SHUT_WR);
      read_all(fd);
    }
    const auto long_header = scene.connect();
    send_text(long_header, "GET / HTTP/1.1\r\nHost: acmed\r\nX: " + std::string(100'000, 'x') + "\r\n\r\n");
    CHECK(status_of(read_all(long_header)) == 431);
    after = answer_to(scene, get("/hello"));
  });
  CHECK(status_of(after) == 200);
}

SCENARIO("a body of more than 64 KiB is refused, whether it says its length or not") {
  Scene scene;
  std::string told;
  std::string chunked;
  std::string largest;
  scene.serve_client([&] {
    const std::string mebibyte(std::size_t{1} << 20, 'x');
    told = answer_to(scene,
                     fmt::format("POST /echo HTTP/1.1\r\nHost: acmed\r\nContent-Length: {}\r\n\r\n", mebibyte.size()));
    chunked = answer_to(scene, fmt::format("POST /echo HTTP/1.1\r\nHost: acmed\r\nTransfer-Encoding: chunked\r\n\r\n"
                                           "{:x}\r\n{}\r\n0\r\n\r\n",
                                           mebibyte.size(), mebibyte));
    const std::string most(std::size_t{64} * 1024, 'y');
    largest =
        answer_to(scene, fmt::format("POST /echo HTTP/1.1\r\nHost: acmed\r\nConnection: close\r\nContent-Length: {}"
                                     "\r\n\r\n{}",
                                     most.size(), most));
  });
  CHECK(status_of(told) == 413);
  CHECK(status_of(chunked) == 413);
  CHECK(status_of(largest) == 200);
  CHECK(body_of(largest).size() == std::size_t{64} * 1024 + 5);
  CHECK(scene.handled == 1);
}

SCENARIO("who sends a request octet by octet is disconnected in time") {
  Scene scene;
  scene.settings.to_request = 300ms;
  std::string seen;
  scene.serve_client([&] {
    const auto fd = scene.connect();
    for (const char octet : get("/hello")) {
      send_text(fd, std::string(1, octet));
      pollfd ended{fd.get(), POLLIN, 0};
      if (::poll(&ended, 1, 20) == 1) break;
    }
    seen = read_all(fd);
  });
  CHECK(seen.empty());
  CHECK(scene.handled == 0);
}

SCENARIO("a long body that several read is in memory once, and goes with its last reader") {
  Scene scene;
  scene.shared = std::make_shared<const std::string>(std::size_t{3} << 20, 'z');
  const std::weak_ptr<const std::string> seen = scene.shared;
  int whole = 0;
  scene.serve([](Scene* of, int* count) -> Task<> {
    std::vector<Fd> clients;
    for (int i = 0; i < 8; ++i) {
      clients.push_back(of->connect());
      send_text(clients.back(), get("/shared"));
    }
    co_await until([of] { return of->handled == 8; });
    of->shared.reset();
    co_await Scene::on_thread([&clients, count] {
      // The last one hangs up before the end.
      clients.pop_back();
      for (const auto& client : clients) *count += body_of(read_all(client)).size() == std::size_t{3} << 20 ? 1 : 0;
    });
    co_await until([of] { return of->server->connections() == 0; });
  }(&scene, &whole));
  CHECK(whole == 7);
  CHECK(seen.expired());
}

SCENARIO("who sends half a request and no more does not hold the place of others") {
  Scene scene;
  scene.settings.connections_of_peer = 2;
  scene.settings.half_closed = 20ms;
  std::string answer;
  scene.serve_client([&] {
    std::vector<Fd> clients;
    for (int i = 0; i < 60; ++i) {
      clients.push_back(scene.connect());
      const std::vector<std::string> halves = {"GET /hello HTT", "GET /hello HTTP/1.1\r\nHost: acmed\r\n",
                                               "POST /echo HTTP/1.1\r\nHost: acmed\r\nContent-Length: 9\r\n\r\n1234"};
      send_text(clients.back(), halves[static_cast<std::size_t>(i) % halves.size()]);
      ::shutdown(clients.back().get(), SHUT_WR);
    }
    answer = answer_to(scene, get("/hello"));
  });
  CHECK(status_of(answer) == 200);
  CHECK(scene.handled == 1);
}

SCENARIO("clients that never read cost others nothing, and are disconnected") {
  Scene scene;
  scene.settings.idle = 1s;
  std::string other;
  std::vector<Fd> clients;
  scene.serve([](Scene* of, std::vector<Fd>* all, std::string* answer) -> Task<> {
    co_await Scene::on_thread([of, all, answer] {
      for (int i = 0; i < 100; ++i) {
        all->push_back(of->connect());
        send_text(all->back(), get("/flood"));
      }
      *answer = answer_to(*of, get("/hello"));
    });
    co_await until([of] { return of->server->connections() == 0; });
    CHECK(of->server->connections() == 0);
  }(&scene, &clients, &other));
  CHECK(status_of(other) == 200);
}

SCENARIO("a hundred streams hear the same, and go when their clients do") {
  Scene scene;
  scene.settings.signs_of_life = 50ms;
  int heard = 0;
  int alive = 0;
  std::vector<Fd> clients;
  scene.serve([](Scene* of, std::vector<Fd>* all, int* count, int* signs) -> Task<> {
    co_await Scene::on_thread([of, all] {
      for (int i = 0; i < 100; ++i) {
        all->push_back(of->connect());
        send_text(all->back(), "GET /feed HTTP/1.1\r\nHost: acmed\r\n\r\n");
      }
      for (const auto& client : *all) read_until(client, "begin");
    });
    CHECK(of->server->streams() == 100);
    for (auto* feed : of->feeds) feed->say("news\n");
    co_await Scene::on_thread([all, count, signs] {
      for (const auto& client : *all) {
        auto text = read_until(client, "news");
        if (text.find(": life") == std::string::npos) text += read_until(client, ": life");
        *count += text.find("news") != std::string::npos ? 1 : 0;
        *signs += text.find(": life") != std::string::npos ? 1 : 0;
      }
    });
    all->clear();
    co_await until([of] { return of->server->streams() == 0; });
    CHECK(of->server->streams() == 0);
    CHECK(of->feeds.empty());
  }(&scene, &clients, &heard, &alive));
  CHECK(heard == 100);
  CHECK(alive == 100);
}

SCENARIO("streams leave room for requests") {
  Scene scene;
  scene.settings.streams = 2;
  std::string third;
  std::string other;
  scene.serve_client([&] {
    std::vector<Fd> clients;
    for (int i = 0; i < 2; ++i) {
      clients.push_back(scene.connect());
      send_text(clients.back(), get("/feed"));
      read_until(clients.back(), "begin");
    }
    third = answer_to(scene, get("/feed"));
    other = answer_to(scene, get("/hello"));
  });
  CHECK(status_of(third) == 503);
  CHECK_THAT(third, Catch::Contains("Retry-After"));
  CHECK(status_of(other) == 200);
}

SCENARIO("who hangs up cancels what was done for it") {
  Scene scene;
  scene.serve([](Scene* of) -> Task<> {
    auto fd = of->connect();
    send_text(fd, get("/wait"));
    co_await until([of] { return of->handled == 1; });
    fd.reset();
    co_await until([of] { return of->cancelled == 1; });
    CHECK(of->cancelled == 1);
    co_await until([of] { return of->server->connections() == 0; });
    CHECK(of->server->connections() == 0);
  }(&scene));
}

SCENARIO("a server ends with requests in hand and streams open") {
  Scene scene;
  Fd stream;
  Fd waiting;
  std::string before;
  scene.serve([](Scene* of, Fd* streaming, Fd* asking, std::string* text) -> Task<> {
    *streaming = of->connect();
    send_text(*streaming, "GET /feed HTTP/1.1\r\nHost: acmed\r\n\r\n");
    co_await Scene::on_thread([streaming, text] { *text = read_until(*streaming, "begin"); });
    *asking = of->connect();
    send_text(*asking, get("/wait"));
    co_await until([of] { return of->handled == 2; });
  }(&scene, &stream, &waiting, &before));
  CHECK(status_of(before) == 200);
  CHECK_THAT(read_all(stream), Catch::EndsWith("0\r\n\r\n"));
  CHECK(read_all(waiting).empty());
  CHECK(scene.cancelled == 1);
  CHECK(scene.feeds.empty());
  WHEN("it serves again") {
    std::string again;
    scene.serve_client([&] { again = answer_to(scene, get("/hello")); });
    THEN("clients are answered") {
      CHECK(status_of(again) == 200);
    }
  }
}

SCENARIO("the socket of a process that has ended is replaced, one that is in use is not") {
  const TemporaryFolder folder;
  const auto path = folder.path() / "s";
  auto first = listen_at_path(path, 0640);
  struct stat status {};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  CHECK((status.st_mode & 07777U) == 0640);
  CHECK_THAT(outcome_of([&] { listen_at_path(path, 0600); }), Catch::Contains("listen:EADDRINUSE"));
  first.reset();
  const auto second = listen_at_path(path, 0600);
  CHECK(second);
  remove_socket(path, second);
  CHECK_FALSE(std::filesystem::exists(path));
  std::ofstream(path) << "a file";
  CHECK_THAT(outcome_of([&] { listen_at_path(path, 0600); }), Catch::Contains("no socket"));
  CHECK_THAT(outcome_of([&] { listen_at_path(folder.path() / std::string(120, 'x'), 0600); }),
             Catch::Contains("at most 107 octets"));
  CHECK_THAT(outcome_of([&] { listen_at_path(folder.path() / "none" / "s", 0600); }), Catch::Contains("folder"));
}

SCENARIO("by TCP the peer is an address") {
  Scene scene;
  auto listener = listen_at_address("127.0.0.1:0");
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  REQUIRE(::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &size) == 0);
  Server server(
      scene.loop, [&scene](ServerRequest request) { return scene.handle(std::move(request)); }, plain);
  std::string answer;
  std::vector<Fd> listeners;
  listeners.push_back(std::move(listener));
  run(scene.loop, accompanied(Scene::on_thread([&] {
                                const Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
                                if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), size) != 0) return;
                                send_text(fd, get("/hello"));
                                answer = read_all(fd);
                              }),
                              server.run(std::move(listeners))));
  CHECK(status_of(answer) == 200);
  CHECK_FALSE(scene.peer.process);
  CHECK(scene.peer.address == "127.0.0.1");
  CHECK(scene.peer.local_address == "127.0.0.1");
}

}  // namespace acmed::http
