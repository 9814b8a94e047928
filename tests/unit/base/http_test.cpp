// SPDX-License-Identifier: Apache-2.0
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "base/http/client.h"
#include "base/runtime/scope.h"
#include "base/runtime/sleep.h"
#include "tests/unit/base/fake_server.h"
#include "tests/unit/base/test_ca.h"
#include "tests/unit/catch.h"

using namespace acmed;
using namespace std::chrono_literals;
using test::answer;
using test::FakeServer;
using Connection = FakeServer::Connection;

namespace {

constexpr std::size_t flood_size = std::size_t{256} * 1024 * 1024;

http::Settings plain() {
  return {"acmed-test", "", true};
}

http::Request get(const std::string& url) {
  return {"GET", url, {}, "", 30s};
}

/// Gives `reply` to every request of a connection.
FakeServer::Script always(std::string reply) {
  return [reply = std::move(reply)](Connection& connection) {
    while (!connection.read_request().empty()) connection.write(reply);
  };
}

/// The error of one request; fails the test when there is none.
Error failure_of(Loop& loop, http::Client& client, http::Request request) {
  try {
    run(loop, client.send(std::move(request)));
  } catch (const Error& error) {
    return error;
  }
  FAIL("the request succeeded");
  throw std::logic_error("unreachable");
}

/// An HTTP/2 frame (RFC 9113 §4.1) with less than 256 octets in it.
std::string frame(int type, int flags, std::uint32_t stream, const std::string& content = {}) {
  std::string octets{0, 0, static_cast<char>(content.size()), static_cast<char>(type), static_cast<char>(flags)};
  for (const int shift : {24, 16, 8, 0}) octets += static_cast<char>(stream >> shift & 0xff);
  return octets + content;
}

/// Whether a HEADERS frame has begun among what a client of HTTP/2 has sent.
bool has_request(const std::string& sent) {
  const auto octet = [&sent](std::size_t place) { return static_cast<unsigned char>(sent[place]); };
  constexpr std::size_t preface = 24;
  constexpr std::size_t head = 9;
  for (std::size_t at = preface; at + head <= sent.size();) {
    if (octet(at + 3) == 1) return true;
    at += head + (std::size_t{octet(at)} << 16 | std::size_t{octet(at + 1)} << 8 | octet(at + 2));
  }
  return false;
}

/// Answers the first request of an HTTP/2 connection by `frames`, which gives some more frames each time, until so many
/// octets went out that everybody would have had enough, or the client has gone. Adds them to `sent`.
FakeServer::Script flood_of(std::string begin, std::function<std::string()> frames, std::atomic<std::size_t>* sent) {
  return [begin = std::move(begin), frames = std::move(frames), sent](Connection& connection) {
    connection.write(frame(4, 0, 0));
    for (std::string seen; !has_request(seen);) {
      const auto next = connection.read_next();
      if (next.empty()) return;
      seen += next;
    }
    connection.write(begin);
    while (*sent < flood_size) {
      const auto more = frames();
      if (!connection.write(more)) return;
      *sent += more.size();
    }
  };
}

Task<> cancel_after(Event* started, std::stop_source* stop) {
  co_await started->wait();
  stop->request_stop();
}

Task<> send_and_drop(http::Client* client, http::Request request) {
  co_await client->send(std::move(request));
}

}  // namespace

SCENARIO("an exchange carries everything there and back") {
  std::string seen;
  FakeServer server([&seen](Connection& connection) {
    seen = connection.read_request();
    connection.write(answer("201 Created",
                            "Replay-Nonce: abc\r\nLINK: </1>;rel=\"up\"\r\nlink: </2>; rel=alternate\r\n"
                            "Content-Type: Application/JSON; charset=utf-8\r\n",
                            "{}"));
  });
  Loop loop;
  http::Client client(loop, plain());
  const auto response =
      run(loop,
          client.send(
              {"POST", server.url("/x?y"), {{"Content-Type", "application/jose+json"}, {"X-Empty", ""}}, "body", 30s}));
  THEN("the server sees the request as it was given, and nothing that curl would add") {
    CHECK(seen.find("POST /x?y HTTP/1.1\r\n") == 0);
    CHECK(seen.find("\r\nContent-Type: application/jose+json\r\n") != seen.npos);
    CHECK(seen.find("\r\nUser-Agent: acmed-test\r\n") != seen.npos);
    CHECK(seen.find("\r\nX-Empty:\r\n") != seen.npos);
    CHECK(seen.find("Expect") == seen.npos);
    CHECK(seen.find("Accept-Encoding") == seen.npos);
    CHECK(seen.find("form-urlencoded") == seen.npos);
    CHECK(seen.substr(seen.size() - 8) == "\r\n\r\nbody");
  }
  THEN("the caller gets status, headers and body") {
    CHECK(response.status == 201);
    CHECK(response.header("replay-nonce") == "abc");
    CHECK(response.all_headers("link").size() == 2);
    CHECK(response.links("alternate") == std::vector<std::string>{"/2"});
    CHECK(response.media_type() == "application/json");
    CHECK(response.body == "{}");
    CHECK(response.elapsed > 0s);
  }
}

TEST_CASE("every method reaches the server as itself") {
  std::vector<std::string> seen;
  FakeServer server([&seen](Connection& connection) {
    for (auto request = connection.read_request(); !request.empty(); request = connection.read_request()) {
      const bool head = request.rfind("HEAD", 0) == 0;
      seen.push_back(request.substr(0, request.find(' ')) + request.substr(request.find("\r\n\r\n") + 4));
      connection.write(head ? "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n" : answer("200 OK", "", "12345"));
    }
  });
  Loop loop;
  http::Client client(loop, plain());
  for (const auto* method : {"POST", "GET", "PUT", "HEAD", "PATCH", "DELETE", "GET"}) {
    const bool has_body = method[0] == 'P';
    const auto response = run(loop, client.send({method, server.url(), {}, has_body ? "b" : "", 30s}));
    CHECK(response.body == (method == std::string("HEAD") ? "" : "12345"));
  }
  CHECK(seen == std::vector<std::string>{"POSTb", "GET", "PUTb", "HEAD", "PATCHb", "DELETE", "GET"});
  CHECK(server.connections() == 1);
}

TEST_CASE("error statuses are answers, with their Retry-After") {
  FakeServer server(always(answer("503 Service Unavailable", "Retry-After: 120\r\n", "busy")));
  Loop loop;
  http::Client client(loop, plain());
  const auto response = run(loop, client.send(get(server.url())));
  CHECK(response.status == 503);
  CHECK(response.header("retry-after") == "120");
  CHECK(response.body == "busy");
}

TEST_CASE("a redirect is an answer and is not followed") {
  FakeServer server(always(answer("302 Found", "Location: /elsewhere\r\n", "")));
  Loop loop;
  http::Client client(loop, plain());
  const auto response = run(loop, client.send(get(server.url())));
  CHECK(response.status == 302);
  CHECK(response.header("location") == "/elsewhere");
}

TEST_CASE("the headers of an interim answer are not the answer's") {
  FakeServer server([](Connection& connection) {
    connection.read_request();
    connection.write("HTTP/1.1 103 Early Hints\r\nReplay-Nonce: early\r\n\r\n" +
                     answer("200 OK", "Replay-Nonce: late\r\n", ""));
  });
  Loop loop;
  http::Client client(loop, plain());
  const auto response = run(loop, client.send(get(server.url())));
  CHECK(response.status == 200);
  CHECK(response.all_headers("replay-nonce") == std::vector<std::string>{"late"});
}

SCENARIO("a server that does not answer well costs a retry and is named") {
  Loop loop;
  http::Client client(loop, plain());
  GIVEN("a server that cuts the connection in the middle of the body") {
    FakeServer server([](Connection& connection) {
      connection.read_request();
      connection.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
    });
    const auto error = failure_of(loop, client, get(server.url()));
    CHECK(error.advice() == Error::Advice::retry);
    CHECK(error.cause() == "curl:18");
    CHECK_THAT(error.what(), Catch::Contains("127.0.0.1:" + std::to_string(server.port())));
  }
  GIVEN("a server that closes without a word") {
    FakeServer server([](Connection& connection) { connection.read_request(); });
    CHECK(failure_of(loop, client, get(server.url())).cause() == "curl:52");
  }
  GIVEN("a server that does not speak HTTP") {
    FakeServer server([](Connection& connection) {
      connection.read_request();
      connection.write("220 mail.example.test ESMTP\r\n");
    });
    const auto error = failure_of(loop, client, get(server.url()));
    CHECK(error.advice() == Error::Advice::retry);
    CHECK_THAT(error.what(), Catch::Contains("is no HTTP"));
  }
  GIVEN("a server that says nothing") {
    FakeServer server([](Connection& connection) { connection.read_until_closed(); });
    auto request = get(server.url());
    request.limit = 60ms;
    const auto error = failure_of(loop, client, request);
    CHECK(error.advice() == Error::Advice::retry);
    CHECK(error.cause() == "curl:28");
    CHECK_THAT(error.what(), Catch::Contains("did not answer completely within 60 ms"));
  }
  GIVEN("a body of 2 MiB") {
    FakeServer server(always(answer("200 OK", "", std::string(2 * 1024 * 1024, 'x'))));
    CHECK_THAT(failure_of(loop, client, get(server.url())).what(), Catch::Contains("more than 1 MiB"));
  }
  GIVEN("a body of exactly 1 MiB") {
    FakeServer server(always(answer("200 OK", "", std::string(1024 * 1024, 'x'))));
    CHECK(run(loop, client.send(get(server.url()))).body.size() == 1024 * 1024);
  }
  GIVEN("headers without end") {
    std::string headers;
    for (int i = 0; i < 1000; ++i) headers += "X-" + std::to_string(i) + ": y\r\n";
    FakeServer server(always(answer("200 OK", headers, "")));
    CHECK_THAT(failure_of(loop, client, get(server.url())).what(), Catch::Contains("headers"));
  }
  GIVEN("a port where nobody listens") {
    int port = 0;
    {
      FakeServer gone([](Connection&) {});
      port = gone.port();
    }
    const auto error = failure_of(loop, client, get("http://127.0.0.1:" + std::to_string(port) + "/"));
    CHECK(error.cause() == "curl:7");
    CHECK_THAT(error.what(), Catch::Contains("refused") && Catch::Contains("firewall"));
  }
  GIVEN("a name that cannot be resolved") {
    // With a label longer than DNS has: the resolver says so without asking anybody.
    const auto host = std::string(64, 'a') + ".test";
    const auto error = failure_of(loop, client, get("http://" + host + "/"));
    CHECK(error.advice() == Error::Advice::retry);
    CHECK(error.cause() == "curl:6");
    CHECK_THAT(error.what(), Catch::Contains("cannot resolve the name of " + host));
  }
}

SCENARIO("what must not be sent is refused before anything leaves") {
  Loop loop;
  GIVEN("a client of CAs and plain HTTP") {
    http::Client client(loop, {"acmed-test", "", false});
    const auto error = failure_of(loop, client, get("http://127.0.0.1:1/"));
    CHECK(error.advice() == Error::Advice::refused);
    CHECK_THAT(error.what(), Catch::Contains("https://"));
  }
  GIVEN("other protocols") {
    http::Client client(loop, plain());
    CHECK(failure_of(loop, client, get("file:///etc/passwd")).cause() == "http:url");
  }
  GIVEN("a header with a line break in its value") {
    http::Client client(loop, plain());
    auto request = get("http://127.0.0.1:1/");
    request.headers.emplace_back("Authorization", "Bearer s3cret\r\nX-Evil: 1");
    const auto error = failure_of(loop, client, request);
    CHECK(error.advice() == Error::Advice::refused);
    CHECK_THAT(error.what(), Catch::Contains("Authorization") && !Catch::Contains("s3cret"));
  }
}

SCENARIO("what Retry-After asks for is bounded by who reads it") {
  using namespace std::chrono_literals;
  const Time now(std::chrono::sys_days(std::chrono::year(2026) / 11 / 26));
  http::Response response;
  CHECK_FALSE(response.retry_after(now, 6h));
  const auto asks = [&response, now](const char* header) {
    response.headers = {{"retry-after", header}};
    return response.retry_after(now, 6h);
  };
  CHECK(asks("120") == now + 2min);
  CHECK(asks("4294967295") == now + 6h);
  CHECK(asks("Fri, 31 Dec 9999 23:59:59 GMT") == now + 6h);
  CHECK(asks("Thu, 26 Nov 2026 01:00:00 GMT") == now + 1h);
  CHECK_FALSE(asks("0"));
  CHECK_FALSE(asks("Wed, 25 Nov 2026 01:00:00 GMT"));
  CHECK_FALSE(asks("soon"));
  AND_WHEN("the server's clock is another one") {
    const auto asks_at = [&response, now](const char* date, const char* header) {
      response.headers = {{"retry-after", header}, {"date", date}};
      return response.retry_after(now, 6h);
    };
    CHECK(asks_at("Wed, 25 Nov 2026 00:00:00 GMT", "Wed, 25 Nov 2026 00:00:30 GMT") == now + 30s);
    CHECK(asks_at("Sun, 26 Nov 2028 00:00:00 GMT", "Sun, 26 Nov 2028 00:01:00 GMT") == now + 1min);
    CHECK(asks_at("Sun, 26 Nov 2028 00:00:00 GMT", "120") == now + 2min);
    CHECK(asks_at("Sun, 26 Nov 2028 00:00:00 GMT", "Thu, 26 Nov 2026 01:00:00 GMT") == now + 1h);
    CHECK(asks_at("no date", "Thu, 26 Nov 2026 01:00:00 GMT") == now + 1h);
    CHECK_FALSE(asks_at("Wed, 25 Nov 2026 00:00:00 GMT", "Tue, 24 Nov 2026 00:00:00 GMT"));
  }
}

SCENARIO("connections are kept until the client rests") {
  FakeServer server(always(answer("200 OK", "", "ok")));
  Loop loop;
  http::Client client(loop, plain());
  for (int i = 0; i < 5; ++i) run(loop, client.send(get(server.url())));
  CHECK(server.connections() == 1);
  client.rest();
  CHECK(run(loop, client.send(get(server.url()))).body == "ok");
  CHECK(server.connections() == 2);
}

TEST_CASE("a kept connection that the server closed meanwhile costs nothing but a new one") {
  FakeServer server([](Connection& connection) {
    connection.read_request();
    connection.write(answer("200 OK", "", "once"));
  });
  Loop loop;
  http::Client client(loop, plain());
  for (int i = 0; i < 3; ++i) {
    CHECK(run(loop, client.send({"POST", server.url(), {}, "again", 30s})).body == "once");
  }
}

SCENARIO("what a kept connection that ends has cost is sent once more, unless the caller forbids it") {
  std::atomic<int> posts = 0;
  FakeServer server([&](Connection& connection) {
    for (auto request = connection.read_request(); !request.empty(); request = connection.read_request()) {
      if (request.starts_with("POST") && ++posts == 1) return;
      connection.write(answer("200 OK", "", "ok"));
    }
  });
  Loop loop;
  http::Client client(loop, plain());
  run(loop, client.send(get(server.url())));
  http::Request post{"POST", server.url(), {}, "one more", 30s};
  GIVEN("a request that may come twice") {
    CHECK(run(loop, client.send(post)).body == "ok");
    CHECK(posts == 2);
  }
  GIVEN("one that may not") {
    post.at_most_once = true;
    CHECK_THROWS_WITH(run(loop, client.send(post)), Catch::Contains("cut the connection without an answer"));
    CHECK(posts == 1);
    AND_THEN("its body arrives whole where it is answered") {
      run(loop, client.send(get(server.url())));  // curl 8.14 keeps the ended connection until another request meets it
      CHECK(run(loop, client.send(post)).body == "ok");
    }
  }
}

TEST_CASE("many requests at a time all get their own answers") {
  FakeServer server([](Connection& connection) {
    for (auto request = connection.read_request(); !request.empty(); request = connection.read_request()) {
      connection.write(answer("200 OK", "", request.substr(4, request.find(' ', 4) - 4)));
    }
  });
  Loop loop;
  http::Client client(loop, plain());
  std::vector<Task<http::Response>> requests;
  for (int i = 0; i < 200; ++i) requests.push_back(client.send(get(server.url("/" + std::to_string(i)))));
  const auto responses = run(loop, when_all(std::move(requests)));
  bool all_right = true;
  for (int i = 0; i < 200; ++i) {
    all_right = all_right && responses[static_cast<std::size_t>(i)].body == "/" + std::to_string(i);
  }
  CHECK(all_right);
  CHECK(server.connections() <= 16);
}

SCENARIO("a proxy that the environment names is used unless the client is for this host alone") {
  FakeServer proxy(always(answer("200 OK", "", "by proxy")));
  FakeServer server(always(answer("200 OK", "", "directly")));
  ::setenv("http_proxy", proxy.url().c_str(), 1);
  Loop loop;
  http::Client outward(loop, plain());
  CHECK(run(loop, outward.send(get(server.url()))).body == "by proxy");
  auto settings = plain();
  settings.by_proxy = false;
  http::Client inward(loop, settings);
  CHECK(run(loop, inward.send(get(server.url()))).body == "directly");
  ::unsetenv("http_proxy");
}

SCENARIO("a proxy that stands in the way is blamed and named, and its password is not told") {
  const auto failure_by = [](const std::string& proxy) {
    ::setenv("https_proxy", proxy.c_str(), 1);
    Loop loop;
    http::Client client(loop, plain());
    const auto error = failure_of(loop, client, get("https://ca.test/"));
    ::unsetenv("https_proxy");
    CHECK_THAT(error.what(), Catch::Contains("proxy") && !Catch::Contains("hush"));
    return std::string(error.what());
  };
  for (const auto* status : {"407 Proxy Authentication Required", "403 Forbidden", "503 Service Unavailable"}) {
    FakeServer proxy([status](Connection& connection) {
      connection.read_request();
      connection.write(answer(status, "Connection: close\r\n", ""));
    });
    const auto place = "127.0.0.1:" + std::to_string(proxy.port());
    const auto sentence = failure_by("http://user:hush@" + place);
    CHECK_THAT(sentence,
               Catch::StartsWith("the proxy " + place) && Catch::Contains("(status " + std::string(status, 3) + ")"));
  }
  CHECK_THAT(failure_by("http://user:hush@127.0.0.1:1"),
             Catch::StartsWith("cannot connect to the proxy 127.0.0.1:1 (Connection refused)"));
  FakeServer cutting([](Connection& connection) { connection.read_request(); });
  const auto place = "127.0.0.1:" + std::to_string(cutting.port());
  CHECK_THAT(failure_by("user:hush@" + place), Catch::Contains("through the proxy " + place));
  CHECK_THAT(failure_by("gopher://user:hush@" + place), Catch::Contains("proxy " + place));
}

TEST_CASE("a connection that nobody takes is given up after the client's own limit") {
  // Its queue of connections is full, so further ones are not answered at all.
  const Fd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  REQUIRE(::bind(listener.get(), generic, size) == 0);
  REQUIRE(::listen(listener.get(), 0) == 0);
  REQUIRE(::getsockname(listener.get(), generic, &size) == 0);
  std::vector<Fd> queued;
  for (int i = 0; i < 4; ++i) {
    queued.emplace_back(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    ::connect(queued.back().get(), generic, size);
  }

  Loop loop;
  auto settings = plain();
  settings.connect_limit = 100ms;
  http::Client client(loop, settings);
  const auto begin = loop.clock().moment();
  const auto error = failure_of(loop, client, get("http://127.0.0.1:" + std::to_string(ntohs(address.sin_port)) + "/"));
  CHECK_THAT(error.what(), Catch::Contains("did not answer the connection in time"));
  CHECK(loop.clock().moment() - begin < 5s);  // the request's own limit is 30 s, a client's is 10 s otherwise
}

TEST_CASE("an answer that does not come over a connection that stands is not blamed on the connection") {
  FakeServer server([](Connection& connection) {
    connection.read_request();
    connection.write(answer("200 OK", "", "the first"));
    connection.read_request();
    connection.read_until_closed();
  });
  Loop loop;
  http::Client client(loop, plain());
  CHECK(run(loop, client.send(get(server.url()))).body == "the first");
  auto second = get(server.url());
  second.limit = 200ms;
  CHECK_THAT(failure_of(loop, client, second).what(), Catch::Contains("did not answer completely within 200 ms"));
  CHECK(server.connections() == 1);
}

SCENARIO("calling off drops the exchange") {
  Loop loop;
  Event arrived;
  FakeServer server([&loop, &arrived](Connection& connection) {
    connection.read_request();
    loop.post_from_thread([&arrived] { arrived.set(); });
    connection.read_until_closed();
  });
  http::Client client(loop, plain());
  std::stop_source stop;
  std::vector<Task<>> tasks;
  tasks.push_back(send_and_drop(&client, get(server.url())));
  tasks.push_back(cancel_after(&arrived, &stop));
  CHECK_THROWS_AS(run(loop, when_all(std::move(tasks)), stop.get_token()), Cancelled);
  THEN("the client is still of use") {
    FakeServer other(always(answer("200 OK", "", "still here")));
    CHECK(run(loop, client.send(get(other.url()))).body == "still here");
  }
}

TEST_CASE("a test's clock stands still while the network is waited for") {
  VirtualClock clock(Time(std::chrono::sys_days(std::chrono::year(2026) / 1 / 1)));
  Loop loop(clock);
  FakeServer server(always(answer("200 OK", "", "ok")));
  http::Client client(loop, plain());
  const auto response = run(loop, within(1h, client.send(get(server.url()))));
  REQUIRE(response.has_value());
  CHECK(response->body == "ok");
  CHECK(clock.moment() == Moment());
}

SCENARIO("a server must prove who it is") {
  const test::TestCa ca;
  const auto key = crypto::PrivateKey::generate(crypto::KeyType::ecdsa_p256);
  test::CertificateFacts facts;
  facts.for_loopback = true;
  Loop loop;
  const auto serve = [&key](const crypto::Certificate& certificate) {
    return std::make_unique<FakeServer>(always(answer("200 OK", "", "secure")), certificate.to_pem(), key.to_pem());
  };
  GIVEN("a certificate of an unknown CA") {
    const auto server = serve(ca.issue(key, facts));
    http::Client client(loop, {"acmed-test", "", false});
    const auto error = failure_of(loop, client, get(server->url()));
    CHECK(error.advice() == Error::Advice::refused);
    CHECK(error.cause() == "tls:certificate");
    CHECK_THAT(error.what(), Catch::Contains("127.0.0.1:" + std::to_string(server->port())) &&
                                 Catch::Contains("unable to get local issuer") && Catch::Contains("`trust`"));
  }
  GIVEN("a client that is told to trust that CA") {
    const auto server = serve(ca.issue(key, facts));
    http::Client client(loop, {"acmed-test", ca.root_pem(), false});
    CHECK(run(loop, client.send(get(server->url()))).body == "secure");
    client.rest();
    CHECK(run(loop, client.send(get(server->url()))).body == "secure");
  }
  GIVEN("a trusted CA's certificate for another host") {
    facts.for_loopback = false;
    facts.dns_names = {"other.example"};
    const auto server = serve(ca.issue(key, facts));
    http::Client client(loop, {"acmed-test", ca.root_pem(), false});
    CHECK(failure_of(loop, client, get(server->url())).cause() == "tls:certificate");
  }
  GIVEN("a trusted CA's certificate that has expired") {
    facts.not_after = facts.not_before + 24h;
    const auto server = serve(ca.issue(key, facts));
    http::Client client(loop, {"acmed-test", ca.root_pem(), false});
    CHECK_THAT(failure_of(loop, client, get(server->url())).what(), Catch::Contains("expired"));
  }
  GIVEN("something that is no TLS at all") {
    FakeServer server([](Connection& connection) {
      connection.write("SSH-2.0-OpenSSH\r\n");
      connection.read_until_closed();
    });
    http::Client client(loop, {"acmed-test", "", false});
    const auto error = failure_of(loop, client, get("https://127.0.0.1:" + std::to_string(server.port()) + "/"));
    CHECK(error.advice() == Error::Advice::retry);
    CHECK_THAT(error.what(), Catch::Contains("TLS handshake"));
  }
  GIVEN("trust that is no certificate") {
    CHECK_THROWS_AS(http::Client(loop, {"acmed-test", "nonsense", false}), Refused);
  }
}

SCENARIO("a server that sends HTTP/2 frames without an answer does not hold the loop") {
  const test::TestCa ca;
  const auto key = crypto::PrivateKey::generate(crypto::KeyType::ecdsa_p256);
  test::CertificateFacts facts;
  facts.for_loopback = true;
  const auto certificate = ca.issue(key, facts).to_pem();
  Loop loop;
  http::Client client(loop, {"acmed-test", ca.root_pem(), false});
  std::atomic<std::size_t> sent = 0;
  const auto check = [&](FakeServer::Script script) {
    FakeServer server(std::move(script), certificate, key.to_pem(), "h2");
    const auto error = failure_of(loop, client, get(server.url()));
    CHECK(error.advice() == Error::Advice::retry);
    CHECK(error.cause() == http::too_large);
    CHECK_THAT(error.what(), Catch::Contains("127.0.0.1:" + std::to_string(server.port()) + " sends more than 4 MiB"));
    CHECK(sent < flood_size);
    THEN("the client is still of use") {
      FakeServer other(always(answer("200 OK", "", "still here")), certificate, key.to_pem());
      CHECK(run(loop, client.send(get(other.url()))).body == "still here");
    }
  };
  GIVEN("empty DATA frames after the answer's headers") {
    const auto status_200 = frame(1, 4, 1, "\x88");
    std::string some;
    for (int i = 0; i < 500; ++i) some += frame(0, 0, 1);
    check(flood_of(
        status_200, [some] { return some; }, &sent));
  }
  GIVEN("PRIORITY frames of other streams") {
    // Only the numbers of the streams are made anew, so that the server is no slower than who reads.
    const auto one = frame(2, 0, 0, std::string("\0\0\0\1\5", 5));
    constexpr std::size_t place_of_stream = 5;
    std::string some;
    for (int i = 0; i < 2000; ++i) some += one;
    std::uint32_t stream = 1;
    const auto next = [&] {
      for (std::size_t at = place_of_stream; at < some.size(); at += one.size()) {
        const std::uint32_t in_network_order = htonl(stream += 2);
        std::memcpy(some.data() + at, &in_network_order, sizeof in_network_order);
      }
      return some;
    };
    check(flood_of({}, next, &sent));
  }
}

TEST_CASE("Link headers are read as RFC 8288 writes them") {
  http::Response response;
  response.headers = {
      {"link",
       "<https://ca/index>;rel=\"index\", <https://ca/a,b>; title=\"x, \\\"y\\\"; rel=no\" ; rel = \"up ALTERNATE\""},
      {"link", "</relative> ; REL=alternate; rel=up"},
      {"link", "<no-relation>, junk, <https://ca/after-junk>;rel=alternate"},
      {"link", "<unfinished"},
  };
  CHECK(response.links("alternate") == std::vector<std::string>{"https://ca/a,b", "/relative"});
  CHECK(response.links("up") == std::vector<std::string>{"https://ca/a,b"});
  CHECK(response.links("index") == std::vector<std::string>{"https://ca/index"});
  CHECK(response.links("").empty());
}
