// SPDX-License-Identifier: Apache-2.0
// What the client makes of a CA that is overloaded, restarted, behind a broken proxy, or called off in the middle.
#include <atomic>

#include "daemon/acme/answer.h"
#include "tests/unit/acme/bench.h"
#include "tests/unit/catch.h"

using namespace acmed;
using namespace std::chrono_literals;
using acme::ProblemError;
using Catch::Contains;
using test::Bench;
using test::FakeCa;

namespace {

Task<acme::Order> order(Bench* bench) {
  return bench->client.new_order({"a.example"}, std::nullopt);
}

template <class E>
E failed_order(Bench& bench) {
  return test::failure_of<E>(bench.loop, order(&bench));
}

}  // namespace

SCENARIO("a refused nonce is answered by the nonce of the refusal") {
  Bench bench;
  bench.register_account();
  bench.ca.forget_seen();
  WHEN("the CA refuses ten in a row") {
    bench.ca.refuse_nonces(10);
    bench.run(order(&bench));
    THEN("the eleventh is sent, and none is fetched") {
      CHECK(bench.ca.count("new-order") == 11);
      CHECK(bench.ca.count("new-nonce") == 0);
    }
  }
  WHEN("it refuses all") {
    bench.ca.refuse_nonces(1000);
    const auto error = failed_order<ProblemError>(bench);
    CHECK(error.cause() == "acme:badNonce");
    CHECK(error.advice() == Error::Advice::retry);
    CHECK(bench.ca.count("new-order") == 11);
  }
  WHEN("the refusal brings no nonce") {
    bench.ca.refuse_nonces(1);
    bench.ca.withhold_nonces(1);
    bench.run(order(&bench));
    CHECK(bench.ca.count("new-nonce") == 1);
  }
}

SCENARIO("answers without a nonce, or with one that is none, only cost a request more") {
  Bench bench;
  bench.register_account();
  bench.ca.forget_seen();
  bench.ca.withhold_nonces(1);
  bench.run(order(&bench));
  bench.run(order(&bench));
  CHECK(bench.ca.count("new-nonce") == 1);
}

SCENARIO("a nonce is fetched by GET where HEAD does not pass") {
  Bench bench;
  const auto* status = GENERATE("405 Method Not Allowed", "501 Not Implemented");
  bench.ca.be_odd("new-nonce", [status](const FakeCa::Seen& seen) -> std::optional<FakeCa::Reply> {
    if (seen.method == "HEAD") return FakeCa::Reply(status, "");
    return FakeCa::Reply("204 No Content", "").with("Replay-Nonce: AAAA");
  });
  bench.ca.instead(
      "new-account",
      FakeCa::Reply("201 Created", R"({"status":"valid"})").with("Location: " + bench.ca.url("account/1")));
  bench.register_account();
  CHECK(bench.ca.count("new-nonce") == 2);
}

SCENARIO("a URL of the directory that is gone has the directory read anew, once") {
  Bench bench;
  bench.register_account();
  bench.ca.forget_seen();
  WHEN("newOrder has moved") {
    bench.ca.instead("new-order", {"404 Not Found", "<html>gone</html>"});
    bench.run(order(&bench));
    CHECK(bench.ca.count("directory") == 1);
  }
  WHEN("newOrder is gone for good") {
    for (int i = 0; i < 5; ++i) bench.ca.instead("new-order", {"404 Not Found", ""});
    failed_order<acme::AnswerError>(bench);
    CHECK(bench.ca.count("directory") == 1);
    CHECK(bench.ca.count("new-order") == 2);
  }
  WHEN("newNonce has moved") {
    bench.clock.advance(1h);
    bench.ca.instead("new-nonce", {"404 Not Found", ""});
    bench.run(order(&bench));
    CHECK(bench.ca.count("directory") == 1);
  }
}

SCENARIO("HTML instead of JSON is a failure that may pass, and says what came") {
  Bench bench;
  bench.register_account();
  const std::string page = "<html>\n<b>Bad\x1b Gateway</b>" + std::string(1000, '!');
  WHEN("a proxy says that the CA is down") {
    bench.ca.instead("new-order", FakeCa::Reply("502 Bad Gateway", page).with("Content-Type: text/html"));
    const auto error = failed_order<acme::AnswerError>(bench);
    CHECK(error.party() == Party::ca);
    CHECK(error.cause() == "acme:answer");
    CHECK_THAT(error.what(), Contains("cannot order a certificate: CA " + bench.ca.url("new-order") +
                                      " answered HTML with status 502 instead of JSON: <html> <b>Bad Gateway</b>!"));
    CHECK(std::string(error.what()).size() < 300);
  }
  WHEN("it comes with status 201") {
    bench.ca.instead("new-order", FakeCa::Reply("201 Created", page).with("Location: https://x/1"));
    CHECK(failed_order<acme::AnswerError>(bench).cause() == "acme:answer");
  }
  WHEN("it comes as the directory") {
    bench.client.forget_directory();
    bench.ca.instead("directory", FakeCa::Reply("200 OK", page).with("Content-Type: text/html"));
    CHECK(failed_order<acme::AnswerError>(bench).cause() == "acme:answer");
  }
  WHEN("it comes as the certificate") {
    bench.ca.instead("certificate", FakeCa::Reply("200 OK", page).with("Content-Type: text/html"));
    CHECK_THROWS_WITH(bench.run(bench.client.certificate(bench.ca.url("certificate/0"), "")),
                      Contains("answered HTML with status 200 instead of a PEM chain"));
  }
}

SCENARIO("what nobody can read is not quoted") {
  Bench bench;
  bench.register_account();
  const auto sentence = [&](const FakeCa::Reply& reply) {
    bench.ca.instead("new-order", reply);
    return std::string(failed_order<acme::AnswerError>(bench).what());
  };
  CHECK_THAT(sentence(FakeCa::Reply("200 OK", "0\x82\x01\x0A DER").with("Content-Type: application/pkix-cert")),
             Catch::EndsWith("answered application/pkix-cert with status 200 instead of a Location"));
  CHECK_THAT(
      sentence(
          FakeCa::Reply("200 OK", "\x1F\x8B\x08 zip").with("Content-Type: application/json\r\nContent-Encoding: gzip")),
      Catch::EndsWith("answered application/json compressed by gzip with status 200 instead of a Location"));
}

SCENARIO("a problem without a type is one, and its title is told") {
  Bench bench;
  bench.register_account();
  const std::string body = R"({"title":"Bad Request","detail":["?"]})";
  WHEN("its media type says that it is one") {
    bench.ca.instead("new-order",
                     FakeCa::Reply("400 Bad Request", body).with("Content-Type: application/problem+json"));
    const auto error = failed_order<ProblemError>(bench);
    CHECK(error.cause() == "acme:about:blank");
    CHECK_THAT(error.what(), Catch::EndsWith(": status 400: Bad Request"));
  }
  WHEN("it may be any JSON") {
    bench.ca.instead("new-order", FakeCa::Reply("400 Bad Request", body).with("Content-Type: application/json"));
    CHECK_THAT(failed_order<acme::AnswerError>(bench).what(), Contains("Bad Request"));
  }
}

SCENARIO("a failure tells whether it is about what was asked for, or about the CA as a whole") {
  using acme::Verdict;
  Bench bench;
  bench.register_account();
  const auto verdict_on = [&](const FakeCa::Reply& reply) {
    for (int i = 0; i < 2; ++i) bench.ca.instead("finalize", reply);
    try {
      acme::Order order;
      order.url = bench.ca.url("order/0");
      order.finalize = bench.ca.url("finalize/0");
      bench.run(bench.client.finalize(order, "a CSR"));
    } catch (const Error& error) {
      return acme::verdict_on(error);
    }
    throw std::logic_error("there was no failure");
  };
  WHEN("the CA has no such thing") {
    CHECK(verdict_on({"404 Not Found", "404 page not found"}) == Verdict::gone);
  }
  WHEN("it has it no more") {
    CHECK(verdict_on({"410 Gone", ""}) == Verdict::gone);
  }
  WHEN("it says so by a problem of any type") {
    CHECK(verdict_on(test::problem("404 Not Found", "malformed")) == Verdict::gone);
  }
  WHEN("it does not know the account") {
    CHECK(verdict_on(test::problem("400 Bad Request", "accountDoesNotExist")) == Verdict::gone);
  }
  WHEN("it refuses") {
    CHECK(verdict_on(test::problem("403 Forbidden", "unauthorized")) == Verdict::unusable);
  }
  WHEN("it fails") {
    CHECK(verdict_on(test::problem("500 Internal Server Error", "serverInternal")) == Verdict::unusable);
  }
  WHEN("it sends a page") {
    CHECK(verdict_on({"200 OK", "<html>"}) == Verdict::unusable);
  }
  WHEN("it sends a status of its own") {
    CHECK(verdict_on({"200 OK", R"({"status":"suspended"})"}) == Verdict::unusable);
  }
  WHEN("it is overloaded") {
    CHECK(verdict_on({"503 Service Unavailable", ""}) == Verdict::unknown);
  }
  WHEN("it says so by a problem") {
    CHECK(verdict_on(test::problem("503 Service Unavailable", "serverInternal")) == Verdict::unknown);
  }
  WHEN("its gateway has lost it") {
    CHECK(verdict_on({"502 Bad Gateway", "<html>"}) == Verdict::unknown);
  }
  WHEN("a limit was hit") {
    CHECK(verdict_on(test::problem("429 Too Many Requests", "rateLimited")) == Verdict::unknown);
  }
  WHEN("its terms have changed") {
    CHECK(verdict_on(test::problem("403 Forbidden", "userActionRequired")) == Verdict::unknown);
  }
  WHEN("it does not answer") {
    CHECK(verdict_on({"", ""}) == Verdict::unknown);
  }
}

SCENARIO("an order without a Location is no order") {
  Bench bench;
  bench.register_account();
  bench.ca.instead("new-order", {"201 Created", R"({"status":"pending"})"});
  CHECK_THAT(failed_order<acme::AnswerError>(bench).what(), Contains("instead of a Location"));
}

SCENARIO("a CA that is overloaded is left alone for as long as it asks") {
  Bench bench;
  bench.register_account();
  const auto now = bench.clock.now();
  WHEN("it says rateLimited with Retry-After") {
    bench.ca.instead(
        "new-order",
        test::problem("429 Too Many Requests", "rateLimited", "too many new orders").with("Retry-After: 86400"));
    const auto error = failed_order<ProblemError>(bench);
    CHECK(error.advice() == Error::Advice::throttled);
    CHECK(error.not_before() == now + 24h);
    CHECK_THAT(error.what(),
               Contains("rateLimited: too many new orders; the next try is welcome at 2026-11-23T00:00:00Z"));
  }
  WHEN("it says rateLimited and no time") {
    bench.ca.instead("new-order", test::problem("400 Bad Request", "rateLimited"));
    CHECK(failed_order<ProblemError>(bench).not_before() == now + 1h);
  }
  WHEN("its balancer says 429 in HTML") {
    bench.ca.instead("new-order", FakeCa::Reply("429 Too Many Requests", "<p>slow down").with("Retry-After: 30"));
    const auto error = failed_order<Throttled>(bench);
    CHECK(error.cause() == acme::overloaded);
    CHECK(error.not_before() == now + 30s);
  }
  WHEN("its balancer says 503 and when to come back") {
    bench.ca.instead("new-order", FakeCa::Reply("503 Service Unavailable", "").with("Retry-After: 120"));
    CHECK(failed_order<Throttled>(bench).not_before() == now + 2min);
  }
  WHEN("it says 503 by a problem document, be it about a limit or not") {
    for (const std::string type : {"rateLimited", "serverInternal"}) {
      bench.ca.instead("new-order",
                       test::problem("503 Service Unavailable", type, "service busy").with("Retry-After: 120"));
      const auto error = failed_order<Throttled>(bench);
      CHECK(error.cause() == acme::overloaded);
      CHECK(error.not_before() == now + 2min);
      CHECK_THAT(error.what(), Contains(type + ": service busy; the next try is welcome at 2026-11-22T00:02:00Z"));
    }
  }
  WHEN("it names a time beyond all sense") {
    bench.ca.instead("new-order", FakeCa::Reply("503 Service Unavailable", "").with("Retry-After: 4294967295"));
    const auto overload = failed_order<Throttled>(bench);
    CHECK(overload.not_before() == now + 6h);
    CHECK(overload.party() == Party::ca);
    bench.ca.instead("new-order", test::problem("429", "rateLimited").with("Retry-After: 4294967295"));
    CHECK(failed_order<ProblemError>(bench).not_before() == now + 24h * 31);
  }
  WHEN("it says when to come back, and that is now") {
    bench.ca.instead("new-order", test::problem("429 Too Many Requests", "rateLimited").with("Retry-After: 0"));
    const auto error = failed_order<ProblemError>(bench);
    CHECK(error.cause() == "acme:rateLimited");
    CHECK(error.not_before() == now + 1h);
  }
  WHEN("it says serverInternal and when to come back") {
    bench.ca.instead("new-order", test::problem("500 Internal Server Error", "serverInternal").with("Retry-After: 60"));
    const auto error = failed_order<ProblemError>(bench);
    CHECK(error.advice() == Error::Advice::retry);
    CHECK(error.not_before() == now + 1min);
  }
}

SCENARIO("a refusal names the CA and each name that it is about") {
  Bench bench;
  bench.register_account();
  bench.ca.instead("new-order", {"403 Forbidden", R"({"type": "urn:ietf:params:acme:error:rejectedIdentifier",
    "detail": "see subproblems", "subproblems": [{"type": "urn:ietf:params:acme:error:rejectedIdentifier",
    "detail": "forbidden\u001b[2J by policy", "identifier": {"type": "dns", "value": "a.example"}}]})"});
  const auto error = failed_order<ProblemError>(bench);
  CHECK(error.advice() == Error::Advice::refused);
  CHECK(error.problem().status == 403);
  CHECK_THAT(error.what(), Contains("cannot order a certificate at 127.0.0.1:"));
  CHECK_THAT(error.what(), Contains("[a.example: rejectedIdentifier: forbidden [2J by policy]"));
}

SCENARIO("terms that have changed are named by their URL") {
  Bench bench;
  bench.register_account();
  bench.ca.instead("new-order", test::problem("403 Forbidden", "userActionRequired", "new terms")
                                    .with("Link: <https://ca.example/terms/2>;rel=\"terms-of-service\""));
  CHECK_THAT(failed_order<ProblemError>(bench).what(),
             Contains("visit https://ca.example/terms/2 and do what the CA wants there"));
}

SCENARIO("a connection that is cut loses a nonce and nothing else") {
  Bench bench;
  bench.register_account();
  bench.ca.forget_seen();
  bench.ca.instead("new-order", {"", ""});
  const auto error = failed_order<Retry>(bench);
  CHECK_THAT(error.cause(), Contains("curl:"));
  CHECK(error.party() == Party::ca);
  WHEN("the next try comes") {
    bench.ca.forget_seen();
    bench.run(order(&bench));
    THEN("it fetches a nonce and goes through") {
      CHECK(bench.ca.count("new-nonce") == 1);
      CHECK(bench.ca.count("new-order") == 1);
    }
  }
}

SCENARIO("a connection that the CA closed while it was idle costs nothing but a nonce") {
  Bench bench;
  bench.register_account();
  const auto url = bench.run(order(&bench)).url;
  bench.ca.instead("order", {"", ""});
  CHECK(bench.run(bench.client.order(url)).url == url);
}

SCENARIO("when the daemon stops, an exchange under way may end, so that its outcome is known") {
  Bench bench;
  bench.register_account();
  bench.ca.forget_seen();
  std::stop_source stop;
  std::atomic<bool> stopped = false;
  bench.ca.on_request("new-order", [&] {
    bench.loop.post_from_thread([&] {
      stop.request_stop();
      stopped = true;
      stopped.notify_all();
    });
    stopped.wait(false);
  });
  WHEN("the CA answers") {
    const auto made = bench.run(order(&bench), stop.get_token());
    THEN("the order's URL is known") {
      CHECK(made.url == bench.ca.url("order/0"));
    }
  }
  WHEN("the CA refuses the nonce") {
    bench.ca.refuse_nonces(1);
    THEN("nothing more is sent") {
      CHECK_THROWS_AS(bench.run(order(&bench), stop.get_token()), Cancelled);
      CHECK(bench.ca.count() == 1);
    }
    AND_THEN("its nonce serves the next request") {
      CHECK_THROWS_AS(bench.run(order(&bench), stop.get_token()), Cancelled);
      bench.run(order(&bench));
      CHECK(bench.ca.count("new-nonce") == 0);
    }
  }
}
