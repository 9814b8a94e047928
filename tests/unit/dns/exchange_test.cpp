// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <functional>
#include <list>

#include "base/runtime/scope.h"
#include "dns/query.h"
#include "dns/wire.h"
#include "tests/unit/catch.h"
#include "tests/unit/dns/fake_name_server.h"
#include "tests/unit/dns/fake_network.h"

using namespace acmed;
using namespace acmed::dns;
using fake::NameServer;
using Transport = NameServer::Transport;

namespace {

const Time start = std::chrono::sys_days(std::chrono::year(2026) / 11 / 22);
const Question question{Name("_acme-challenge.example.test"), Type::txt};
const fake::Answer value{.answer = {fake::txt("_acme-challenge.example.test", "value")}};

std::string value_of(const Reply& reply) {
  if (!reply.is_message() || reply.message.answer.empty()) return to_text(reply);
  return std::get<Text>(reply.message.answer.front().data).value;
}

Task<> ignore(Task<std::vector<Reply>> task) {
  co_await std::move(task);
}

Task<> stop_after(Task<std::vector<Reply>> task, Scope* scope) {
  co_await std::move(task);
  scope->stop();
}

Task<std::vector<Reply>> ask_often(Endpoint server, int count, std::shared_ptr<InFlight::Share> share = {}) {
  AskOptions options;
  options.share = std::move(share);
  std::vector<Task<Reply>> tasks;
  for (int i = 0; i < count; ++i) tasks.push_back(ask(server, question, options));
  co_return co_await when_all(std::move(tasks));
}

/// Completes with the answer of `alive`, asked last.
Task<> ask_dead_and(std::list<NameServer>* dead, NameServer* alive, std::shared_ptr<InFlight::Share> share = {}) {
  Scope scope(co_await context());
  for (const auto& server : *dead) scope.spawn(ignore(ask_often(server.endpoint(), 100, share)));
  scope.spawn(stop_after(ask_often(alive->endpoint(), 100), &scope));
  try {
    co_await scope.join();
  } catch (const Cancelled&) {
  }
}

}  // namespace

SCENARIO("a question is asked by UDP, and by other means where that fails") {
  VirtualClock clock(start);
  Loop loop(clock);
  NameServer server(loop, "127.0.1.1");
  std::vector<Transport> used;

  WHEN("the server answers") {
    server.say("_acme-challenge.example.test", Type::txt, value);
    CHECK(value_of(run(loop, ask(server.endpoint(), question, {}))) == "value");
  }
  WHEN("the answer is cut") {
    server.handle([&](std::string_view request, Transport transport) {
      used.push_back(transport);
      return transport == Transport::udp ? fake::reply_to(request, {.truncated = true})
                                         : fake::reply_to(request, value);
    });
    THEN("TCP brings the whole") {
      CHECK(value_of(run(loop, ask(server.endpoint(), question, {}))) == "value");
      CHECK(used == std::vector{Transport::udp, Transport::tcp});
    }
  }
  WHEN("UDP gets lost") {
    server.handle([&](std::string_view request, Transport transport) -> std::optional<std::string> {
      used.push_back(transport);
      if (transport == Transport::udp) return std::nullopt;
      return fake::reply_to(request, value);
    });
    CHECK(value_of(run(loop, ask(server.endpoint(), question, {}))) == "value");
    CHECK(clock.now() == start + std::chrono::seconds(1));
  }
  WHEN("nothing comes at all") {
    server.handle([](std::string_view, Transport) { return std::nullopt; });
    CHECK(value_of(run(loop, ask(server.endpoint(), question, {}))) == "no answer by UDP and TCP");
    CHECK(clock.now() == start + std::chrono::seconds(3));
  }
  WHEN("the server does not know EDNS") {
    server.handle([](std::string_view request, Transport) {
      const bool edns = WireReader(request.substr(10)).u16() > 0;
      if (edns) return fake::reply_to(request, {.rcode = Rcode::formerr});
      return fake::reply_to(request, value);
    });
    CHECK(value_of(run(loop, ask(server.endpoint(), question, {}))) == "value");
  }
  WHEN("it sends garbage under the right id") {
    server.handle([](std::string_view request, Transport) { return std::string(request.substr(0, 5)); });
    CHECK(value_of(run(loop, ask(server.endpoint(), question, {}))) == "garbage by UDP and TCP");
  }
  WHEN("it answers something else") {
    server.handle([](std::string_view request, Transport) {
      auto reply = fake::reply_to(request, value);
      set_u16(reply, 0, static_cast<std::uint16_t>(WireReader(reply).u16() + 1));
      return reply;
    });
    CHECK_FALSE(run(loop, ask(server.endpoint(), question, {})).is_message());
  }
}

SCENARIO("what answers something else is passed over, and the answer that follows is taken (RFC 5452 §9)") {
  VirtualClock clock(start);
  Loop loop(clock);
  NameServer server(loop, "127.0.1.1");
  const fake::Answer forged{.answer = {fake::txt("_acme-challenge.example.test", "forged")}};
  const Question other_name{Name("_acme-challenge.other.test"), Type::txt};
  const Question other_type{Name("_acme-challenge.example.test"), Type::soa};
  const auto in_reply_to = [&forged](const Question& asked, std::string_view id) {
    auto reply = fake::reply_to(make_query(asked, {}).wire, forged);
    return reply.replace(0, 2, id);
  };
  const auto with_flags = [&forged](std::string_view query, unsigned changed) {
    auto reply = fake::reply_to(query, forged);
    set_u16(reply, 2, static_cast<std::uint16_t>(WireReader(reply.substr(2)).u16() ^ changed));
    return reply;
  };
  std::function<std::string(std::string_view query)> forge;
  WHEN("another name was asked") {
    forge = [&](std::string_view query) { return in_reply_to(other_name, query.substr(0, 2)); };
  }
  WHEN("another type was asked") {
    forge = [&](std::string_view query) { return in_reply_to(other_type, query.substr(0, 2)); };
  }
  WHEN("it names no question") {
    forge = [&](std::string_view query) {
      auto reply = fake::reply_to(query, {});
      set_u16(reply, 4, 0);
      return reply.substr(0, 12);
    };
  }
  WHEN("it is no answer") {
    forge = [&](std::string_view query) { return with_flags(query, 0x8000); };
  }
  WHEN("it is about an UPDATE") {
    forge = [&](std::string_view query) { return with_flags(query, 0x2800); };
  }
  WHEN("it has another id") {
    forge = [&](std::string_view query) {
      auto reply = fake::reply_to(query, forged);
      reply[0] = static_cast<char>(reply[0] ^ 1);
      return reply;
    };
  }
  int came = 0;
  server.handle(
      [&](std::string_view query, Transport) { return came++ == 0 ? forge(query) : fake::reply_to(query, value); });
  CHECK(value_of(run(loop, ask(server.endpoint(), question, {}))) == "value");
  CHECK(came == 2);
}

SCENARIO("a port where nobody listens is told apart from silence") {
  Loop loop;
  const auto nobody = Endpoint::parse("127.0.1.9", fake::port()).value();
  CHECK(value_of(run(loop, ask(nobody, question, {}))) == "connection refused");
  CHECK(run(loop, exchange_tcp(nobody, make_query(question, {}), std::chrono::seconds(1))).outcome ==
        Reply::Outcome::closed);
}

SCENARIO("where no way leads to a server, that is told at once and as it is") {
  VirtualClock clock(start);
  Loop loop(clock);
  NameServer server(loop, "127.0.1.1");
  server.say("_acme-challenge.example.test", Type::txt, value);
  fake::Network network;
  const std::vector<std::pair<int, std::string>> refusals = {
      {ENETUNREACH, "no route"},
      {EHOSTUNREACH, "no route"},
      {EINVAL, "no route"},
      {EAFNOSUPPORT, "no route"},
      {EADDRNOTAVAIL, "no route"},
      {EACCES, "a firewall or a route forbids it"},
      {EPERM, "a firewall or a route forbids it"},
      {ENETDOWN, "Network is down"},
      {EHOSTDOWN, "Host is down"},
      {ENOKEY, "Required key not available"},
  };
  for (const auto& [error, reason] : refusals) {
    INFO(std::strerror(error));
    const auto refuses = fake::everywhere(error);
    WHEN("connecting a socket fails with " + std::to_string(error)) {
      network.on_connect(refuses);
      const auto reply = run(loop, ask(server.endpoint(), question, {}));
      CHECK(reply.outcome == Reply::Outcome::no_route);
      CHECK_THAT(value_of(reply),
                 Catch::StartsWith("not reachable from this host: " + reason) && Catch::Contains(std::strerror(error)));
    }
    WHEN("sending fails with " + std::to_string(error)) {
      network.on_send(refuses);
      CHECK_THAT(value_of(run(loop, ask(server.endpoint(), question, {}))),
                 Catch::StartsWith("not reachable from this host: " + reason) && Catch::Contains(std::strerror(error)));
    }
    WHEN("a stream's connection fails with " + std::to_string(error)) {
      network.on_connect(refuses);
      const auto request = make_query(question, {});
      const auto reply = run(loop, exchange_tcp(server.endpoint(), request, std::chrono::seconds(1)));
      CHECK_THAT(value_of(reply),
                 Catch::StartsWith("not reachable from this host: " + reason) && Catch::Contains(std::strerror(error)));
    }
  }
  CHECK(clock.now() == start);
  CHECK(server.asked_in_all() == 0);
}

SCENARIO("a question goes by TCP where it is datagrams that do not get through") {
  VirtualClock clock(start);
  Loop loop(clock);
  NameServer server(loop, "127.0.1.1");
  server.say("_acme-challenge.example.test", Type::txt, value);
  fake::Network network;
  for (const int error : {EPERM, EACCES, EMSGSIZE}) {
    WHEN("sending them fails with " + std::to_string(error)) {
      network.on_send(fake::datagrams_to(AF_INET, error));
      CHECK(value_of(run(loop, ask(server.endpoint(), question, {}))) == "value");
      CHECK(clock.now() == start);
    }
  }
  WHEN("a rule drops both, a stream in silence") {
    server.handle([](std::string_view, Transport) { return std::nullopt; });
    network.on_send(fake::datagrams_to(AF_INET, EPERM));
    CHECK(
        value_of(run(loop, ask(server.endpoint(), question, {}))) ==
        "not reachable from this host: a firewall or a route forbids it (Operation not permitted) by UDP, no answer by "
        "TCP");
    CHECK(clock.now() - start <= std::chrono::milliseconds(500));
  }
}

SCENARIO("what this host lacks for a moment is neither silence nor a missing route") {
  VirtualClock clock(start);
  Loop loop(clock);
  NameServer server(loop, "127.0.1.1");
  server.say("_acme-challenge.example.test", Type::txt, value);
  fake::Network network;
  for (const int error : {ENOBUFS, ENOMEM, EAGAIN}) {
    WHEN("there is no socket to be had: " + std::to_string(error)) {
      network.on_connect(fake::everywhere(error));
      CHECK_THROWS_AS(run(loop, ask(server.endpoint(), question, {})), Retry);
    }
    WHEN("one datagram is not taken: " + std::to_string(error)) {
      int sent = 0;
      network.on_send([&](const sockaddr*, int) { return sent++ == 0 ? error : 0; });
      CHECK(value_of(run(loop, ask(server.endpoint(), question, {}))) == "value");
      CHECK(clock.now() - start < std::chrono::seconds(1));
    }
    WHEN("none is taken: " + std::to_string(error)) {
      network.on_send(fake::datagrams_to(AF_INET, error));
      CHECK_THROWS_AS(run(loop, ask(server.endpoint(), question, {})), Retry);
      CHECK(clock.now() - start == std::chrono::seconds(1));
    }
  }
}

SCENARIO("a large answer comes through TCP in pieces") {
  Loop loop;
  NameServer server(loop, "127.0.1.1");
  server.handle([](std::string_view request, Transport transport) {
    if (transport == Transport::udp) return fake::reply_to(request, {.truncated = true});
    fake::Answer large;
    for (int i = 0; i < 200; ++i) {
      large.answer.push_back(fake::txt("_acme-challenge.example.test", std::string(200, 'x')));
    }
    return fake::reply_to(request, large);
  });
  CHECK(run(loop, ask(server.endpoint(), question, {})).message.answer.size() == 200);
}

SCENARIO("dead servers hold up no other") {
  VirtualClock clock(start);
  Loop loop(clock);
  NameServer alive(loop, "127.0.1.1");
  alive.say("_acme-challenge.example.test", Type::txt, value);
  std::list<NameServer> dead;
  for (int i = 10; i < 18; ++i) {
    dead.emplace_back(loop, fmt::format("127.0.1.{}", i)).handle([](std::string_view, Transport) {
      return std::nullopt;
    });
  }
  run(loop, ask_dead_and(&dead, &alive));
  CHECK(clock.now() == start);
}

SCENARIO("more questions than sockets wait for their turn") {
  Loop loop;
  NameServer server(loop, "127.0.1.1");
  server.say("_acme-challenge.example.test", Type::txt, value);
  // Those of one certificate wait for the turns that it has.
  const auto share = GENERATE(false, true) ? std::make_shared<InFlight::Share>() : nullptr;
  const auto replies = run(loop, ask_often(server.endpoint(), 600, share));
  CHECK(replies.size() == 600);
  CHECK(std::ranges::all_of(replies, [](const Reply& reply) { return value_of(reply) == "value"; }));
}

SCENARIO("a certificate whose servers keep silent leaves room for the others") {
  VirtualClock clock(start);
  Loop loop(clock);
  NameServer alive(loop, "127.0.1.1");
  alive.say("_acme-challenge.example.test", Type::txt, value);
  std::list<NameServer> dead;
  for (int i = 10; i < 50; ++i) {
    dead.emplace_back(loop, fmt::format("127.0.1.{}", i)).handle([](std::string_view, Transport) {
      return std::nullopt;
    });
  }
  WHEN("they have a share") {
    run(loop, ask_dead_and(&dead, &alive, std::make_shared<InFlight::Share>()));
    CHECK(clock.now() == start);
  }
  WHEN("they have none, there are too many of them") {
    run(loop, ask_dead_and(&dead, &alive));
    CHECK(clock.now() > start);
  }
}

SCENARIO("what came of a question by UDP and by TCP is told") {
  VirtualClock clock(start);
  Loop loop(clock);
  NameServer server(loop, "127.0.1.1");
  AskOptions options;
  options.accept_cut = true;
  WHEN("nothing came by either") {
    server.handle([](std::string_view, Transport) { return std::nullopt; });
    CHECK(to_text(run(loop, ask(server.endpoint(), question, {}))) == "no answer by UDP and TCP");
  }
  WHEN("an answer is cut short, and nothing comes by TCP") {
    server.handle([](std::string_view request, Transport transport) -> std::optional<std::string> {
      auto cut = value;
      cut.truncated = true;
      if (transport == Transport::tcp) return std::nullopt;
      return fake::reply_to(request, cut);
    });
    const auto reply = run(loop, ask(server.endpoint(), question, options));
    CHECK(to_text(reply) == "an answer cut short by UDP, no answer by TCP");
    CHECK(value_of(reply) == "value");
    THEN("it is used only where that was asked for, and never where it had to be signed") {
      CHECK_FALSE(run(loop, ask(server.endpoint(), question, {})).is_message());
      const TsigKey key{Name("key"), {}, {}};
      options.key = &key;
      CHECK_FALSE(run(loop, ask(server.endpoint(), question, options)).is_message());
    }
  }
}
