// SPDX-License-Identifier: Apache-2.0
#include "dns/responder/name_server.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdlib>

#include "base/runtime/scope.h"
#include "base/runtime/sleep.h"
#include "base/runtime/socket.h"
#include "dns/message.h"
#include "tests/unit/catch.h"
#include "tests/unit/dns/responder/octets.h"

namespace acmed::dns::responder {
namespace {

using namespace std::chrono_literals;
using Catch::Contains;

/// A port of this process' own.
Endpoint at(const std::string& address) {
  return *Endpoint::parse(address, static_cast<std::uint16_t>(20'000 + ::getpid() % 12'000));
}

Settings settings(std::vector<Endpoint> listen, unsigned rate = 0) {
  return {std::move(listen),
          {{Name("acme.test"), Name("ns.acme.test"), {*Endpoint::parse("192.0.2.1")}, Name("hostmaster.acme.test")}},
          rate};
}

Fd new_socket(int family, int type) {
  Fd fd(::socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  REQUIRE(fd);
  return fd;
}

void bind_to(const Fd& fd, const Endpoint& endpoint) {
  sockaddr_storage address{};
  const auto size = endpoint.to_sockaddr(address);
  REQUIRE(::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), size) == 0);
}

/// A client of its own address. It takes nothing from elsewhere than where it asks.
Fd connected(const Endpoint& to, int type, const std::string& from) {
  auto fd = new_socket(to.family(), type);
  bind_to(fd, *Endpoint::from_octets(Endpoint::parse(from)->octets(), 0));
  const int yes = 1;  // a kernel that gathers small pieces does so by its own clock
  if (type == SOCK_STREAM) ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  sockaddr_storage address{};
  const auto size = to.to_sockaddr(address);
  const int result = ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), size);
  REQUIRE((result == 0 || errno == EINPROGRESS));
  return fd;
}

Task<std::string> receive(int fd) {
  std::string octets(70'000, '\0');
  co_await readable(fd);
  const auto size = ::recv(fd, octets.data(), octets.size(), 0);
  octets.resize(size < 0 ? 0 : static_cast<std::size_t>(size));
  co_return octets;
}

Task<> pause(Duration duration) {
  co_await sleep_for(duration);
}

std::string framed(const std::string& message) {
  return u16(static_cast<unsigned>(message.size())) + message;
}

/// Cuts a stream into its messages.
std::vector<std::string> unframed(std::string_view stream) {
  std::vector<std::string> messages;
  while (stream.size() >= 2) {
    const auto size =
        static_cast<std::size_t>(static_cast<std::uint8_t>(stream[0]) << 8) | static_cast<std::uint8_t>(stream[1]);
    messages.emplace_back(stream.substr(2, size));
    stream.remove_prefix(std::min(stream.size(), 2 + size));
  }
  return messages;
}

struct Scene {
  VirtualClock clock{std::chrono::sys_days(std::chrono::year(2026) / 11 / 24)};
  Loop loop{clock};
  NameServer server{loop, "provider here"};
  Endpoint address = at("127.0.2.1");

  explicit Scene(unsigned rate = 0) {
    server.configure(settings({address}, rate));
    server.zones().add(Name("www.acme.test"), "value", 60);
    server.commit();
  }

  /// Nothing when no answer comes in a while, an empty one when the connection is closed.
  std::optional<std::string> receive_from(const Fd& fd) { return run(loop, within(5s, receive(fd.get()))); }

  std::optional<std::string> ask(const Fd& fd, const std::string& message) {
    REQUIRE(::send(fd.get(), message.data(), message.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(message.size()));
    return receive_from(fd);
  }

  /// What comes on a stream until it is closed or nothing comes any more.
  std::string receive_all(const Fd& fd) {
    std::string all;
    while (auto part = receive_from(fd)) {
      if (part->empty()) break;
      all += *part;
    }
    return all;
  }

  Fd udp(const std::string& from = "127.0.3.1") { return connected(address, SOCK_DGRAM, from); }
  Fd tcp(const std::string& from = "127.0.3.1") { return connected(address, SOCK_STREAM, from); }

  bool serves(const Fd& udp_client) {
    const auto answer = ask(udp_client, query("www.acme.test"));
    return answer && parse_message(*answer).answer.size() == 1;
  }
  bool serves_stream(const Fd& tcp_client) {
    const auto answer = ask(tcp_client, framed(query("www.acme.test")));
    return answer && answer->size() > 2 && parse_message(answer->substr(2)).answer.size() == 1;
  }

  template <class Call>
  static std::string outcome(Call call) {
    try {
      call();
      return "good";
    } catch (const Error& error) {
      CHECK(error.advice() == Error::Advice::retry);
      return error.cause() + " " + error.what();
    }
  }
};

}  // namespace

SCENARIO("questions are answered by UDP and TCP") {
  Scene scene;
  CHECK(scene.serves(scene.udp()));
  CHECK(scene.serves_stream(scene.tcp()));
  CHECK(scene.server.listening().size() == 2);
}

SCENARIO("a crowd of datagrams is answered, each to who sent it") {
  Scene scene;
  constexpr int clients = 20;
  constexpr int each = 15;
  std::vector<Fd> sockets;
  for (int i = 0; i < clients; ++i) {
    const auto& fd = sockets.emplace_back(scene.udp(fmt::format("127.0.3.{}", i + 1)));
    for (int j = 0; j < each; ++j) {
      const auto message = query(fmt::format("n{}-{}.acme.test", i, j));
      REQUIRE(::send(fd.get(), message.data(), message.size(), 0) > 0);
    }
  }
  for (int i = 0; i < clients; ++i) {
    for (int j = 0; j < each; ++j) {
      const auto answer = scene.receive_from(sockets[static_cast<std::size_t>(i)]);
      REQUIRE(answer);
      CHECK(parse_message(*answer).question->name == Name(fmt::format("n{}-{}.acme.test", i, j)));
    }
  }
}

SCENARIO("a connection carries any number of questions (RFC 7766 §6.2.1)") {
  Scene scene;
  const auto client = scene.tcp();
  WHEN("one comes after another") {
    for (int i = 0; i < 3; ++i) CHECK(scene.serves_stream(client));
  }
  WHEN("all come at once") {
    std::string stream;
    for (int i = 0; i < 500; ++i) stream += framed(query(fmt::format("n{}.acme.test", i)));
    REQUIRE(::send(client.get(), stream.data(), stream.size(), 0) == static_cast<ssize_t>(stream.size()));
    const auto answers = unframed(scene.receive_all(client));
    REQUIRE(answers.size() == 500);
    CHECK(parse_message(answers[499]).question->name == Name("n499.acme.test"));
  }
  WHEN("they come in pieces") {
    const auto stream = framed(query("www.acme.test")) + framed(query("www.acme.test"));
    for (std::size_t i = 0; i + 1 < stream.size(); ++i) {
      REQUIRE(::send(client.get(), &stream[i], 1, 0) == 1);
      run(scene.loop, pause(1ms));
    }
    const auto first = scene.receive_from(client);
    REQUIRE(first);
    CHECK(unframed(*first).size() == 1);
    const auto second = scene.ask(client, stream.substr(stream.size() - 1));
    CHECK(second == first);
  }
  WHEN("the client says that these were all") {
    const auto stream = framed(query("www.acme.test")) + framed(query("x.acme.test"));
    REQUIRE(::send(client.get(), stream.data(), stream.size(), 0) > 0);
    REQUIRE(::shutdown(client.get(), SHUT_WR) == 0);
    CHECK(unframed(scene.receive_all(client)).size() == 2);
    CHECK(scene.receive_from(client) == "");
  }
  WHEN("others have their turn while questions are at hand, and nothing comes after them") {
    for (int i = 0; i < 40; ++i) scene.server.zones().add(Name("many.acme.test"), fmt::format("{:043}", i), 60);
    scene.server.commit();
    // One of these fills more than half of the room for what is received: each takes a turn at reading.
    const auto padding = u16(12) + u16(2100) + std::string(2100, '\0');
    const auto large = framed(header(0, {1, 0, 0, 1}) + question("x.acme.test") + opt(4096, 0, padding));
    std::string stream;
    for (int i = 0; i < 16; ++i) stream += large;
    for (int i = 0; i < 50; ++i) stream += framed(query("many.acme.test"));
    REQUIRE(::send(client.get(), stream.data(), stream.size(), 0) == static_cast<ssize_t>(stream.size()));
    CHECK(unframed(scene.receive_all(client)).size() == 66);
  }
  WHEN("a client asks for much more than it reads") {
    for (int i = 0; i < 1000; ++i) scene.server.zones().add(Name("many.acme.test"), fmt::format("{:043}", i), 60);
    scene.server.commit();
    std::string stream;
    for (int i = 0; i < 300; ++i) stream += framed(query("many.acme.test"));
    REQUIRE(::send(client.get(), stream.data(), stream.size(), 0) == static_cast<ssize_t>(stream.size()));
    const bool says_all = GENERATE(false, true);
    if (says_all) REQUIRE(::shutdown(client.get(), SHUT_WR) == 0);
    run(scene.loop, pause(1s));
    THEN("others are served meanwhile, and in the end it has all") {
      CHECK(scene.serves_stream(scene.tcp()));
      const auto answers = unframed(scene.receive_all(client));
      CHECK(answers.size() == 300);
      CHECK(parse_message(answers.back()).answer.size() == 1000);
    }
  }
}

SCENARIO("a connection that is of no use is closed") {
  Scene scene;
  const auto client = scene.tcp();
  const auto closes_after = [&](Duration duration) {
    const auto start = scene.clock.moment();
    const auto left = run(scene.loop, within(1min, receive(client.get())));
    CHECK(left == "");
    CHECK(scene.clock.moment() - start == duration);
  };
  WHEN("nothing is asked at first") {
    closes_after(2s);
  }
  WHEN("it was busy before") {
    CHECK(scene.serves_stream(client));
    run(scene.loop, pause(9s));
    CHECK(scene.serves_stream(client));
    closes_after(10s);
  }
  WHEN("it brings an octet now and then") {
    for (const char octet : framed(query("www.acme.test")).substr(0, 3)) {
      REQUIRE(::send(client.get(), &octet, 1, MSG_NOSIGNAL) == 1);
      run(scene.loop, pause(600ms));
    }
    closes_after(200ms);
  }
  WHEN("it brings what is no DNS message") {
    const auto garbage = GENERATE(as<std::string>(), u16(0) + "x", u16(11) + std::string(11, 'x'), u16(4097),
                                  "GET / HTTP/1.1\r\n\r\n", framed(header(0x8000, {1, 0, 0, 0}) + question("x")));
    REQUIRE(::send(client.get(), garbage.data(), garbage.size(), 0) > 0);
    closes_after(0s);
  }
  WHEN("it leaves its answers unread") {
    for (int i = 0; i < 1000; ++i) scene.server.zones().add(Name("many.acme.test"), fmt::format("{:043}", i), 60);
    scene.server.commit();
    std::string stream;
    for (int i = 0; i < 300; ++i) stream += framed(query("many.acme.test"));
    REQUIRE(::send(client.get(), stream.data(), stream.size(), 0) > 0);
    run(scene.loop, pause(11s));
    CHECK(unframed(scene.receive_all(client)).size() < 300);
  }
}

SCENARIO("with too many connections the one that is idle for longest makes room") {
  Scene scene;
  std::vector<Fd> clients;
  for (int i = 0; i < 128; ++i) {
    clients.push_back(scene.tcp(fmt::format("127.0.4.{}", i + 1)));
    run(scene.loop, pause(1ms));
  }
  CHECK(scene.serves_stream(clients[0]));
  const auto one_more = scene.tcp();
  CHECK(scene.serves_stream(one_more));
  CHECK(scene.receive_from(clients[1]) == "");
  CHECK(scene.serves_stream(clients[0]));
  CHECK(scene.serves_stream(clients[2]));
}

SCENARIO("who opens connections again and again takes no place of others") {
  Scene scene;
  std::vector<Fd> others;
  for (int i = 0; i < 64; ++i) others.push_back(scene.tcp(fmt::format("127.0.4.{}", i + 1)));
  for (const auto& other : others) CHECK(scene.serves_stream(other));
  std::vector<Fd> greedy;
  for (int i = 0; i < 300; ++i) {
    greedy.push_back(scene.tcp("127.0.5.1"));
    CHECK(scene.serves_stream(greedy.back()));
  }
  for (const auto& other : others) CHECK(scene.serves_stream(other));
  for (std::size_t i = 236; i < 300; ++i) CHECK(scene.serves_stream(greedy[i]));
  CHECK(scene.receive_from(greedy[235]) == "");
  WHEN("a late one comes") {
    CHECK(scene.serves_stream(scene.tcp("127.0.6.1")));
  }
}

SCENARIO("a host without a free descriptor does not keep us busy") {
  Scene scene;
  const auto client = scene.tcp();
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
  const rlimit none{3, before.rlim_max};
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &none) == 0);
  const bool slept = run(scene.loop, within(1min, pause(5s)));  // the clock only moves when nothing is to be done
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &before) == 0);
  CHECK(slept);
  CHECK(scene.serves_stream(client));
}

SCENARIO("a network is not flooded, but by itself") {
  Scene scene(10);
  const auto plain = query("www.acme.test");
  const auto count_of = [&](const Fd& fd, const std::string& message, int count) {
    for (int i = 0; i < count; ++i) REQUIRE(::send(fd.get(), message.data(), message.size(), 0) > 0);
    std::pair<int, int> whole_and_cut;
    while (const auto answer = scene.receive_from(fd)) {
      ++(parse_message(*answer).truncated ? whole_and_cut.second : whole_and_cut.first);
    }
    return whole_and_cut;
  };
  CHECK(count_of(scene.udp("127.0.3.1"), plain, 40) == std::pair(10, 15));
  WHEN("it comes by TCP") {
    const auto client = scene.tcp();
    for (int i = 0; i < 40; ++i) CHECK(scene.serves_stream(client));
  }
  WHEN("it shows a cookie of ours") {
    const auto with_cookie = [](const std::string& cookie) {
      const auto option = u16(10) + u16(static_cast<unsigned>(cookie.size())) + cookie;
      return header(0, {1, 0, 0, 1}) + question("www.acme.test") + opt(1232, 0, option);
    };
    scene.clock.advance(10s);
    const auto client = scene.udp("127.0.3.1");
    const auto first = scene.ask(client, with_cookie("8 octets"));
    REQUIRE(first);
    CHECK(count_of(scene.udp("127.0.3.2"), with_cookie("8 octets"), 40).first < 10);
    CHECK(count_of(client, with_cookie(first->substr(first->size() - 24)), 40) == std::pair(40, 0));
    THEN("nobody else can use it") {
      CHECK(count_of(scene.udp("127.0.3.2"), with_cookie(first->substr(first->size() - 24)), 40) == std::pair(10, 15));
    }
  }
  WHEN("it is this host itself") {
    CHECK(count_of(scene.udp("127.0.2.1"), plain, 40) == std::pair(40, 0));
  }
  WHEN("it is this host itself, and we listen on all addresses") {
    const auto everywhere = at("0.0.0.0");
    scene.server.configure(settings({everywhere}, 10));
    CHECK(count_of(scene.udp("127.0.2.1"), plain, 40) == std::pair(40, 0));
    CHECK(count_of(scene.udp("127.0.3.1"), plain, 40) == std::pair(10, 15));
  }
}

SCENARIO("an answer comes from the address that was asked") {
  Scene scene;
  scene.server.configure(settings({at("0.0.0.0"), at("::")}));
  for (const auto* asked : {"127.0.2.77", "127.0.0.1", "::1"}) {
    const auto to = at(asked);
    CHECK(scene.serves(connected(to, SOCK_DGRAM, to.family() == AF_INET ? "127.0.3.1" : "::1")));
    CHECK(scene.serves_stream(connected(to, SOCK_STREAM, to.family() == AF_INET ? "127.0.3.1" : "::1")));
  }
}

SCENARIO("a socket that cannot be opened is told, and tried again") {
  Scene scene;
  NameServer other(scene.loop, "provider there");
  other.configure(settings({scene.address, at("127.0.2.2")}));
  CHECK_THAT(Scene::outcome([&] { other.listen(); }),
             Contains("listen:EADDRINUSE cannot listen on 127.0.2.1:") &&
                 Contains("(UDP): another program listens there (ss -lunp 'sport = "));
  CHECK(other.listening().size() == 2);
  WHEN("the other one has gone") {
    scene.server.configure(settings({at("127.0.2.3")}));
    THEN("it serves there when somebody asks for it") {
      CHECK(Scene::outcome([&] { other.listen(); }) == "good");
      CHECK(other.listening().size() == 4);
    }
    THEN("it serves there soon") {
      run(scene.loop, pause(11s));
      CHECK(other.listening().size() == 4);
    }
  }
  WHEN("the host has no such address") {
    other.configure(settings({at("192.0.2.1")}));
    CHECK_THAT(Scene::outcome([&] { other.listen(); }),
               Contains("listen:EADDRNOTAVAIL") && Contains("this host does not have that address"));
  }
  WHEN("there is nothing to listen on") {
    other.configure(settings({}));
    CHECK_THAT(Scene::outcome([&] { other.listen(); }),
               Contains("listen:none there is no UDP socket: set its `listen`"));
  }
}

SCENARIO("another configuration is taken while serving") {
  Scene scene;
  const auto udp = scene.udp();
  const auto tcp = scene.tcp();
  CHECK(scene.serves_stream(tcp));
  WHEN("sockets stay") {
    const auto message = query("www.acme.test");
    REQUIRE(::send(udp.get(), message.data(), message.size(), 0) > 0);
    scene.server.configure(settings({scene.address, at("127.0.2.2")}));
    THEN("no question and no value is lost, and connections stay") {
      const auto answer = scene.receive_from(udp);
      REQUIRE(answer);
      CHECK(parse_message(*answer).answer.size() == 1);
      CHECK(scene.serves_stream(tcp));
      CHECK(scene.server.listening().size() == 4);
    }
  }
  WHEN("an address is given up") {
    scene.server.configure(settings({at("127.0.2.2")}));
    CHECK(scene.ask(udp, query("www.acme.test")) == "");  // port unreachable
    CHECK(scene.server.listening().size() == 2);
  }
}

namespace {

/// Sockets as the service manager passes them, in place of descriptors 3 and 4.
class Inheritance {
 public:
  explicit Inheritance(const Endpoint& endpoint) {
    for (const int type : {SOCK_DGRAM, SOCK_STREAM}) {
      const int place = 3 + static_cast<int>(kept_.size());
      const Fd fd(::fcntl(new_socket(endpoint.family(), type).get(), F_DUPFD_CLOEXEC, 100));  // out of the way
      const int yes = 1;
      if (type == SOCK_STREAM) ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
      bind_to(fd, endpoint);
      if (type == SOCK_STREAM) REQUIRE(::listen(fd.get(), 5) == 0);
      REQUIRE(::fcntl(fd.get(), F_SETFL, 0) == 0);  // blocking, as systemd's are
      kept_.emplace_back(::fcntl(place, F_DUPFD_CLOEXEC, 100));
      REQUIRE(::dup2(fd.get(), place) == place);
    }
    ::setenv("LISTEN_PID", std::to_string(::getpid()).c_str(), 1);
    ::setenv("LISTEN_FDS", "2", 1);
  }
  Inheritance(const Inheritance&) = delete;
  Inheritance& operator=(const Inheritance&) = delete;
  ~Inheritance() {
    ::unsetenv("LISTEN_PID");
    ::unsetenv("LISTEN_FDS");
    for (std::size_t i = 0; i < kept_.size(); ++i) {
      const int place = 3 + static_cast<int>(i);
      if (kept_[i]) {
        ::dup2(kept_[i].get(), place);
      } else {
        ::close(place);
      }
    }
  }

 private:
  std::vector<Fd> kept_;
};

}  // namespace

SCENARIO("sockets of the service manager are used, and survive every configuration") {
  const auto endpoint = at("127.0.2.9");
  const Inheritance inheritance(endpoint);
  Scene scene;
  scene.address = endpoint;
  WHEN("no address is configured") {
    scene.server.configure(settings({}));
    CHECK(scene.serves(scene.udp()));
    CHECK(scene.serves_stream(scene.tcp()));
    scene.server.configure(settings({at("127.0.2.1")}));
    scene.server.configure(settings({}));
    CHECK(scene.serves(scene.udp()));
    CHECK(scene.serves_stream(scene.tcp()));
  }
  WHEN("an address that they do not have is configured as well") {
    scene.server.configure(settings({endpoint, at("127.0.2.1")}));
    CHECK(Scene::outcome([&] { scene.server.listen(); }) == "good");
    CHECK(scene.serves(scene.udp()));
    CHECK(scene.serves(connected(at("127.0.2.1"), SOCK_DGRAM, "127.0.3.1")));
  }
  WHEN("the same address is configured") {
    scene.server.configure(settings({endpoint}));
    CHECK(Scene::outcome([&] { scene.server.listen(); }) == "good");
    CHECK(scene.serves(scene.udp()));
    CHECK(scene.serves_stream(scene.tcp()));
  }
}

SCENARIO("a socket for both families answers each in its own") {
  const Inheritance inheritance(at("::"));
  Scene scene;
  scene.server.configure(settings({}, 10));
  for (const auto* asked : {"127.0.2.77", "::1"}) {
    const auto to = at(asked);
    CHECK(scene.serves(connected(to, SOCK_DGRAM, to.family() == AF_INET ? "127.0.3.1" : "::1")));
    CHECK(scene.serves_stream(connected(to, SOCK_STREAM, to.family() == AF_INET ? "127.0.3.1" : "::1")));
  }
  THEN("this host itself is known by either") {
    for (int i = 0; i < 30; ++i) CHECK(scene.serves(connected(at("127.0.2.77"), SOCK_DGRAM, "127.0.2.77")));
  }
}

}  // namespace acmed::dns::responder
