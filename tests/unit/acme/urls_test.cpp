// SPDX-License-Identifier: Apache-2.0
// What the client makes of the URLs that a CA gives: relative ones, moved ones, and those that lead to somebody else.
#include "daemon/acme/answer.h"
#include "tests/unit/acme/bench.h"
#include "tests/unit/catch.h"

using namespace acmed;
using Catch::Contains;
using test::Bench;
using test::FakeCa;

namespace {

Task<acme::Order> order(Bench* bench) {
  return bench->client.new_order({"a.example"}, std::nullopt);
}

FakeCa::Reply redirect(const std::string& status, const std::string& to) {
  return FakeCa::Reply(status, "<html>Moved</html>").with("Location: " + to);
}

/// The URL of another server of ours, which must not be asked.
std::string elsewhere(const FakeCa& other, const std::string& path) {
  return other.url(path);
}

std::string host_of(const FakeCa& ca) {
  const auto url = ca.url("");
  return url.substr(7, url.size() - 8);
}

}  // namespace

SCENARIO("a relative Location leads to the account and to the order") {
  Bench bench;
  bench.ca.instead("new-account", FakeCa::Reply("201 Created", "{}").with("Location: /account/1"));
  bench.register_account();
  bench.ca.change_answers("new-order", [](const FakeCa::Seen&, FakeCa::Reply usual) {
    return FakeCa::Reply(usual.status, usual.body).with("Location: order/0");
  });
  const auto made = bench.run(order(&bench));
  CHECK(made.url == bench.ca.url("order/0"));
  CHECK(bench.run(bench.client.order(made.url)).status == acme::OrderStatus::pending);
}

SCENARIO("a directory that has moved is followed, a few times") {
  Bench bench;
  WHEN("the CA redirects to where it is") {
    bench.ca.instead("directory", redirect("301 Moved Permanently", "/directory/"));
    bench.ca.instead("directory", redirect("308 Permanent Redirect", bench.ca.url("directory/v2")));
    bench.register_account();
    CHECK(bench.ca.count("directory") == 3);
    CHECK(bench.ca.count("new-account") == 1);
  }
  WHEN("newNonce has moved") {
    bench.ca.instead("new-nonce", redirect("307 Temporary Redirect", "/new-nonce/2"));
    bench.register_account();
    CHECK(bench.ca.count("new-nonce") == 2);
  }
  WHEN("the CA redirects in circles") {
    for (int i = 0; i < 10; ++i) bench.ca.instead("directory", redirect("302 Found", "/directory/again"));
    const auto error = test::failure_of<acme::AnswerError>(bench.loop, bench.client.directory());
    CHECK_THAT(error.what(), Contains("with status 302") && Contains("a redirect to \"/directory/again\""));
    CHECK(bench.ca.count("directory") == 4);
  }
  WHEN("it redirects to a server that nobody named") {
    const FakeCa other;
    bench.ca.instead("directory", redirect("301 Moved Permanently", elsewhere(other, "directory")));
    const auto error = test::failure_of<Error>(bench.loop, bench.client.directory());
    CHECK_THAT(error.what(), Contains("cannot read the directory: the CA gave the URL \"" + other.url("directory")));
    CHECK(other.count() == 0);
  }
}

SCENARIO("a signed request is not sent to where it was not signed for: a redirect is shown") {
  Bench bench;
  bench.register_account();
  bench.ca.instead("new-order", redirect("307 Temporary Redirect", "/new-order/2"));
  CHECK_THAT(test::failure_of<acme::AnswerError>(bench.loop, order(&bench)).what(),
             Contains("a redirect to \"/new-order/2\""));
  CHECK(bench.ca.count("new-order") == 1);
}

SCENARIO("what the CA sends leads to no server but the CA's own, unless the operator says so") {
  Bench bench;
  bench.register_account();
  const FakeCa other;
  const auto url = elsewhere(other, "authorization/0/0");
  WHEN("nobody said so") {
    const auto error = test::failure_of<Error>(bench.loop, bench.client.authorization(url));
    THEN("it is not asked, and the sentence says what to do if it is meant") {
      CHECK(other.count() == 0);
      CHECK(error.party() == Party::ca);
      CHECK_THAT(error.what(),
                 Contains("the CA gave the URL \"" + url + "\", on another server than its directory's") &&
                     Contains("set hosts = [\"" + host_of(other) + "\"] in its [ca] section"));
      CHECK(acme::verdict_on(error) == acme::Verdict::unusable);
    }
  }
  WHEN("the operator named that server") {
    acme::Client client(bench.http, bench.clock, crypto::software_keys(), bench.key,
                        {bench.ca.directory_url(), {host_of(other)}}, std::nullopt);
    bench.run(client.register_account({}));
    CHECK_THROWS(bench.run(client.authorization("http://" + host_of(other) + "/x")));
    CHECK(other.count() > 0);
  }
  WHEN("it is no URL of the web") {
    for (const auto* odd : {"file:///etc/passwd", "gopher://x/", "ftp://127.0.0.1/", "", "http://user@127.0.0.1/",
                            "http://", "http://a b/"}) {
      INFO(odd);
      const auto error = test::failure_of<Error>(bench.loop, bench.client.authorization(odd));
      CHECK(error.cause() == http::bad_url);
      CHECK_THAT(error.what(), Contains("the CA gave the URL \"" + std::string(odd)));
    }
  }
  WHEN("it is endless") {
    const auto error =
        test::failure_of<Error>(bench.loop, bench.client.authorization(bench.ca.url(std::string(5000, 'x'))));
    CHECK_THAT(error.what(), Contains("octets, more than 4096"));
    CHECK(std::string(error.what()).size() < 500);
  }
}

SCENARIO("an order for other names, or with more to prove than was ordered, is no order") {
  Bench bench;
  bench.register_account();
  const auto with = [&](const std::string& identifiers, const std::string& authorizations) {
    bench.ca.instead("new-order",
                     FakeCa::Reply("201 Created", R"({"status": "pending", "identifiers": [)" + identifiers +
                                                      R"(], "authorizations": [)" + authorizations + "]}")
                         .with("Location: /order/0"));
    return bench.run(order(&bench)).authorizations.size();
  };
  const std::string mine = R"({"type": "dns", "value": "A.example"})";
  const std::string other = R"({"type": "dns", "value": "b.example"})";
  CHECK(with(mine, R"("/a/0")") == 1);
  CHECK(with("", R"("/a/0")") == 1);
  CHECK_THROWS_WITH(with(other, R"("/a/0")"), Contains("for other names than those that were asked for: b.example"));
  CHECK_THROWS_WITH(with(mine + "," + other, R"("/a/0")"), Contains("for other names"));
  CHECK_THROWS_WITH(with(mine, R"("/a/0", "/a/1")"), Contains("2 authorizations for 1 names"));
  CHECK_THROWS_WITH(with("", R"("/a/0", "/a/1")"), Contains("2 authorizations for 1 names"));
}
