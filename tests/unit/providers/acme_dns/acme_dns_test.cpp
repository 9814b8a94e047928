// SPDX-License-Identifier: Apache-2.0
#include "providers/acme_dns/acme_dns.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <mutex>
#include <set>

#include "base/crypto/digest.h"
#include "base/crypto/encoding.h"
#include "base/runtime/scope.h"
#include "base/runtime/sleep.h"
#include "tests/unit/base/fake_server.h"
#include "tests/unit/catch.h"
#include "tests/unit/outcome.h"

using namespace acmed;
using namespace acmed::providers;
using namespace std::chrono_literals;
using Catch::Contains;
using Catch::StartsWith;
using test::FakeServer;
using Values = std::set<std::string>;

namespace {

std::string value(const std::string& of) {
  return crypto::base64url(crypto::sha256(of));
}

/// An acme-dns of a few accounts: "a" and those that are registered, whose names count up from "r1". Of two rows that
/// were written in the same second it replaces, unlike SQLite, always the one that was written last: SQL leaves that
/// open.
class FakeAcmeDns {
 public:
  explicit FakeAcmeDns(const Clock& clock)
      : clock_(clock), server_([this](FakeServer::Connection& connection) { serve(connection); }) {
    rows_["a"];
  }

  std::string url() const { return server_.url(""); }
  Values values(const std::string& subdomain) const {
    const std::lock_guard guard(lock_);
    Values values;
    for (const auto& row : rows_.at(subdomain)) values.insert(row.value);
    values.erase("");
    return values;
  }
  /// All requests but those that were answered by `instead`.
  std::vector<std::string> seen() const {
    const std::lock_guard guard(lock_);
    return seen_;
  }
  /// What is said to each request instead; "cut" makes the update and cuts the connection.
  void instead(std::string reply) {
    const std::lock_guard guard(lock_);
    instead_ = std::move(reply);
  }
  /// All accounts are gone, as with the server's database.
  void lose_accounts() {
    const std::lock_guard guard(lock_);
    rows_.clear();
  }
  /// Says that to the next request.
  void once(std::string reply) {
    const std::lock_guard guard(lock_);
    once_ = std::move(reply);
  }
  /// Our address is in no account's allowfrom.
  void refuse_address() {
    const std::lock_guard guard(lock_);
    address_refused_ = true;
  }
  /// Counts after which updates of "a" that value, which is in use, was away.
  void watch(const std::string& used) {
    const std::lock_guard guard(lock_);
    watched_ = used;
    times_away_ = 0;
  }
  int times_away() const {
    const std::lock_guard guard(lock_);
    return times_away_;
  }

 private:
  struct Row {
    std::string value;
    std::int64_t second = 0;
    int number = 0;  ///< of the update
  };

  void serve(FakeServer::Connection& connection) {
    for (auto request = connection.read_request(); !request.empty(); request = connection.read_request()) {
      const std::lock_guard guard(lock_);
      if (!once_.empty()) {
        connection.write(std::exchange(once_, {}));
        continue;
      }
      if (!instead_.empty() && instead_ != "cut") {
        connection.write(instead_);
        continue;
      }
      const auto reply = respond(request);
      if (instead_ == "cut") return;
      connection.write(reply);
    }
  }

  std::string respond(const std::string& request) {
    const auto line = request.substr(0, request.find(" HTTP/"));
    const auto body = json::parse(request.substr(request.find("\r\n\r\n") + 4)).value_or(json::Value());
    seen_.push_back(line + " " + json::dump(body));
    if (line == "GET /health") return test::answer("200 OK", "", "");
    if (line == "POST /register") return register_account();
    if (line == "POST /update") return update(request, body);
    return test::answer("404 Not Found", "", "404 page not found");
  }

  std::string register_account() {
    const auto subdomain = fmt::format("r{}", ++registered_);
    rows_[subdomain];
    return test::answer("201 Created", "",
                        json::dump(json::Object{{"subdomain", subdomain},
                                                {"fulldomain", subdomain + ".auth.test"},
                                                {"username", "user-" + subdomain},
                                                {"password", "password-" + subdomain}}));
  }

  std::string update(const std::string& request, const json::Value& body) {
    const auto subdomain = body["subdomain"].text_or();
    const bool known = rows_.contains(subdomain) &&
                       request.find("X-Api-User: user-" + subdomain + "\r\n") != std::string::npos &&
                       request.find("X-Api-Key: password-" + subdomain + "\r\n") != std::string::npos;
    if (!known || address_refused_) return test::answer("401 Unauthorized", "", R"({"error": "forbidden"})");
    const auto text = body["txt"].text_or();
    if (text.size() != 43) return test::answer("400 Bad Request", "", R"({"error": "bad_txt"})");
    auto& rows = rows_[subdomain];
    auto& row = *std::ranges::min_element(rows, [](const Row& a, const Row& b) {
      return std::pair(a.second, -a.number) < std::pair(b.second, -b.number);
    });
    row = {text, std::chrono::floor<std::chrono::seconds>(clock_.now()).time_since_epoch().count(), ++updates_};
    const auto is_watched = [this](const Row& held) { return held.value == watched_; };
    if (std::ranges::none_of(rows, is_watched)) ++times_away_;
    return test::answer("200 OK", "", json::dump(json::Object{{"txt", text}}));
  }

  const Clock& clock_;
  mutable std::mutex lock_;
  std::map<std::string, std::array<Row, 2>> rows_;
  std::vector<std::string> seen_;
  std::string instead_;
  std::string once_;
  bool address_refused_ = false;
  int registered_ = 0;
  int updates_ = 0;
  std::string watched_;
  int times_away_ = 0;
  FakeServer server_;
};

class FakeMemory final : public Memory {
 public:
  Task<json::Object> recall() override { co_return object; }
  Task<> keep(json::Object kept) override {
    if (fails) throw Retry("file:28", "the disk is full");
    object = std::move(kept);
    co_return;
  }
  json::Object object;
  bool fails = false;
};

const dns::Name target("a.auth.test");
const dns::Name challenge("_acme-challenge.example.test");

struct Scene {
  VirtualClock clock{std::chrono::sys_days(std::chrono::year(2026) / 11 / 22)};
  Loop loop{clock};
  FakeAcmeDns server{clock};
  FakeMemory memory;
  config::Provider configured = configuration();
  std::unique_ptr<AcmeDns> provider = started();

  config::Provider configuration() const {
    config::Provider result;
    result.name = "acme";
    result.zones = {"auth.test"};
    result.delegated = {"example.test"};
    result.settings = config::AcmeDns{
        server.url(), {"192.0.2.0/24"}, {{"first.test", "a.auth.test", "a", "user-a", Secret("password-a")}}, {}};
    return result;
  }
  /// A provider as after a start of acmed.
  std::unique_ptr<AcmeDns> started() {
    return std::make_unique<AcmeDns>(configured, std::get<config::AcmeDns>(configured.settings), loop, memory);
  }

  std::string change(Action action, const std::vector<std::string>& names) {
    std::vector<TxtChange> changes;
    for (const auto& name : names) changes.push_back({action, target, value(name), 60s});
    return outcome_of([&] { run(loop, provider->apply({target, "a"}, changes)); });
  }
  std::string adding(const std::vector<std::string>& names) { return change(Action::add, names); }
  std::string removing(const std::vector<std::string>& names) { return change(Action::remove, names); }
  std::string zone_of(const dns::Name& name) {
    return outcome_of([&] { run(loop, provider->zone_of(name)); });
  }
  void pass(Duration time) { clock.advance(time); }
};

}  // namespace

SCENARIO("the target of an alias is found by the account whose name it is") {
  Scene scene;
  CHECK(run(scene.loop, scene.provider->zone_of(target)) == Zone{target, "a"});
  CHECK(run(scene.loop, scene.provider->zone_of(dns::Name("_acme-challenge.elsewhere.invalid"))) == std::nullopt);
  CHECK_THAT(scene.zone_of(dns::Name("other.auth.test")),
             StartsWith("refused acme-dns:account acme-dns at http://127.0.0.1:") &&
                 Contains("no account for other.auth.test"));
  CHECK(scene.server.seen().empty());
}

SCENARIO("a challenge name without an alias gets an account, once, and the record to be made is told") {
  Scene scene;
  const auto first = scene.zone_of(challenge);
  CHECK(first ==
        "refused acme-dns:alias make the record \"_acme-challenge.example.test. CNAME r1.auth.test.\" "
        "once: the account is there already, and the next try goes on with it");
  CHECK(scene.server.seen() == std::vector<std::string>{R"(POST /register {"allowfrom":["192.0.2.0/24"]})"});
  CHECK(scene.zone_of(challenge) == first);

  THEN("it is known after a restart, and used when the alias is there") {
    scene.provider = scene.started();
    CHECK(scene.zone_of(challenge) == first);
    CHECK(run(scene.loop, scene.provider->zone_of(dns::Name("r1.auth.test"))) == Zone{dns::Name("r1.auth.test"), "r1"});
    run(scene.loop, scene.provider->apply({dns::Name("r1.auth.test"), "r1"},
                                          {{Action::add, dns::Name("r1.auth.test"), value("one"), 60s}}));
    CHECK(scene.server.values("r1") == Values{value("one")});
    CHECK(scene.server.seen().size() == 2);
  }
  THEN("another domain gets another one, and neither is forgotten") {
    CHECK_THAT(scene.zone_of(dns::Name("_acme-challenge.www.example.test")), Contains("CNAME r2.auth.test."));
    scene.provider = scene.started();
    CHECK(scene.zone_of(challenge) == first);
    CHECK_THAT(scene.zone_of(dns::Name("_acme-challenge.www.example.test")), Contains("CNAME r2.auth.test."));
    CHECK(scene.server.seen().size() == 2);
  }
  THEN("at another server it is none") {
    std::get<config::AcmeDns>(scene.configured.settings).url += "/proxied";
    scene.provider = scene.started();
    CHECK_THAT(scene.zone_of(challenge), StartsWith("refused http:404") && Contains("takes no registrations"));
  }
}

Task<> register_twice(AcmeDns* provider, std::vector<std::string>* sentences) {
  for (int i = 0; i < 2; ++i) {
    try {
      co_await provider->zone_of(challenge);
    } catch (const Refused& error) {
      sentences->emplace_back(error.what());
    }
  }
}

SCENARIO("two certificates of a new domain share one account") {
  Scene scene;
  std::vector<std::string> sentences;
  std::vector<Task<>> both;
  both.push_back(register_twice(scene.provider.get(), &sentences));
  both.push_back(register_twice(scene.provider.get(), &sentences));
  run(scene.loop, when_all(std::move(both)));
  CHECK(sentences.size() == 4);
  CHECK(std::set<std::string>(sentences.begin(), sentences.end()).size() == 1);
  CHECK(scene.server.seen().size() == 1);
}

SCENARIO("an account that cannot be kept is told to nobody") {
  Scene scene;
  scene.memory.fails = true;
  CHECK(scene.zone_of(challenge) == "retry file:28 the disk is full");
  scene.memory.fails = false;
  CHECK_THAT(scene.zone_of(challenge), Contains("CNAME r2.auth.test."));
}

SCENARIO("when the server's own domain is in no zone of the provider, that is told too") {
  Scene scene;
  scene.configured.zones = {"example.test"};
  scene.configured.delegated = {};
  scene.provider = scene.started();
  CHECK_THAT(scene.zone_of(challenge), Contains(" and add auth.test to zones of [provider.acme]"));
}

SCENARIO("two values stand at a name, and none that is in use is pushed out") {
  Scene scene;
  WHEN("both come at once") {
    CHECK(scene.adding({"one", "two"}) == "made");
    CHECK(scene.server.values("a") == Values{value("one"), value("two")});
    THEN("again, nothing is asked for") {
      CHECK(scene.adding({"one", "two"}) == "made");
      CHECK(scene.server.seen().size() == 2);
    }
    THEN("two others take their places within the same second") {
      CHECK(scene.removing({"one", "two"}) == "made");
      CHECK(scene.adding({"three", "four"}) == "made");
      CHECK(scene.server.values("a") == Values{value("three"), value("four")});
    }
    THEN("one that is wanted again has to be written again") {
      CHECK(scene.removing({"one"}) == "made");
      CHECK(scene.adding({"one"}) == "made");
      CHECK(scene.server.values("a") == Values{value("one"), value("two")});
    }
  }
  WHEN("the second comes in the same second as the first") {
    CHECK(scene.adding({"one"}) == "made");
    CHECK(scene.adding({"two"}) == "made");
    CHECK(scene.server.values("a") == Values{value("one"), value("two")});
  }
  WHEN("the older one is in use when a third comes") {
    CHECK(scene.adding({"one", "two"}) == "made");
    scene.pass(10s);
    CHECK(scene.removing({"two"}) == "made");
    scene.server.watch(value("one"));
    CHECK(scene.adding({"three"}) == "made");
    CHECK(scene.server.times_away() == 0);
    CHECK(scene.server.values("a") == Values{value("one"), value("three")});
  }
  WHEN("the newer one is in use when a third comes") {
    scene.pass(10s);
    CHECK(scene.adding({"one"}) == "made");
    const auto before = scene.server.seen().size();
    CHECK(scene.adding({"two"}) == "made");
    CHECK(scene.server.values("a") == Values{value("one"), value("two")});
    THEN("one update does") {
      CHECK(scene.server.seen().size() == before + 1);
    }
  }
  WHEN("acmed starts anew, and knows nothing of what is there") {
    CHECK(scene.adding({"one", "two"}) == "made");
    scene.provider = scene.started();
    CHECK(scene.adding({"two"}) == "made");
    CHECK(scene.adding({"one"}) == "made");
    CHECK(scene.server.values("a") == Values{value("one"), value("two")});
  }
  WHEN("more than two are wanted") {
    CHECK_THAT(scene.adding({"one", "two", "three"}), StartsWith("retry acme-dns:full"));
    CHECK(scene.removing({"three"}) == "made");
  }
}

SCENARIO("at no time is a value away that another certificate uses") {
  Scene scene;
  // Certificates come and go in all orders, some at once, some seconds apart; one of them stays.
  CHECK(scene.adding({"stays"}) == "made");
  scene.server.watch(value("stays"));
  for (int i = 0; i < 40; ++i) {
    scene.pass(std::chrono::milliseconds(i % 5 * 400));
    const auto name = fmt::format("guest{}", i);
    CHECK(scene.adding({name}) == "made");
    CHECK(scene.server.values("a") == Values{value("stays"), value(name)});
    CHECK(scene.removing({name}) == "made");
  }
  CHECK(scene.server.times_away() == 0);
}

SCENARIO("an update without an answer may have been made") {
  Scene scene;
  scene.pass(5s);
  CHECK(scene.adding({"stays"}) == "made");
  scene.pass(5s);
  scene.server.instead("cut");
  CHECK_THAT(scene.adding({"new"}), StartsWith("retry curl:"));
  scene.server.instead({});
  CHECK(scene.adding({"new"}) == "made");
  CHECK(scene.server.values("a") == Values{value("stays"), value("new")});
}

SCENARIO("what is wrong with an acme-dns server is said in a sentence") {
  Scene scene;
  WHEN("the account is refused") {
    auto& account = std::get<config::AcmeDns>(scene.configured.settings).accounts.front();
    account.password = Secret("guessed");
    scene.provider = scene.started();
    CHECK_THAT(scene.adding({"one"}), StartsWith("refused http:401 acme-dns at http://127.0.0.1:") &&
                                          Contains("refuses the account of first.test (a.auth.test)") &&
                                          !Contains("guessed"));
  }
  WHEN("the account is not configured any more") {
    std::get<config::AcmeDns>(scene.configured.settings).accounts.clear();
    scene.provider = scene.started();
    CHECK_THAT(scene.adding({"one"}), StartsWith("refused acme-dns:account"));
    CHECK(scene.removing({"one"}) == "made");
  }
  WHEN("the value is not one of ACME's") {
    const std::vector<TxtChange> changes{{Action::add, target, "short", 60s}};
    CHECK_THAT(outcome_of([&] {
                 run(scene.loop, scene.provider->apply({target, "a"}, changes));
               }),
               StartsWith("refused http:400") && Contains("bad_txt"));
  }
  WHEN("it wants fewer requests") {
    scene.server.instead(test::answer("429 Too Many Requests", "Retry-After: 60\r\n", "slowly"));
    CHECK_THAT(scene.adding({"one"}), StartsWith("throttled http:429"));
  }
  WHEN("it fails") {
    scene.server.instead(test::answer("500 Internal Server Error", "", R"({"error": "db_error"})"));
    CHECK_THAT(scene.adding({"one"}), StartsWith("retry http:500") && Contains("db_error"));
    CHECK_THAT(scene.zone_of(challenge), StartsWith("retry http:500"));
  }
  WHEN("it is another server") {
    scene.server.instead(test::answer("200 OK", "", "<html>It works!</html>"));
    CHECK_THAT(scene.adding({"one"}), StartsWith("retry acme-dns:answer"));
    CHECK_THAT(scene.zone_of(challenge), StartsWith("retry acme-dns:answer"));
  }
  WHEN("its health is looked at") {
    CHECK(outcome_of([&] { run(scene.loop, scene.provider->check_credentials()); }) == "made");
    scene.server.instead(test::answer("503 Service Unavailable", "", "down"));
    CHECK_THAT(outcome_of([&] { run(scene.loop, scene.provider->check_credentials()); }), StartsWith("retry http:503"));
  }
}

SCENARIO("one bad gateway does not end a try, and pushes out nothing that is in use") {
  Scene scene;
  CHECK(scene.adding({"stays"}) == "made");
  scene.pass(5s);
  scene.server.watch(value("stays"));
  for (const auto* status : {"502 Bad Gateway", "503 Service Unavailable", "504 Gateway Timeout"}) {
    INFO(status);
    scene.server.once(test::answer(status, "Content-Type: text/html\r\n", "<html>"));
    CHECK(scene.adding({status}) == "made");
    CHECK(scene.server.values("a") == Values{value("stays"), value(status)});
    CHECK(scene.removing({status}) == "made");
  }
  CHECK(scene.server.times_away() == 0);
  scene.server.once(test::answer("502 Bad Gateway", "", ""));
  CHECK_THAT(scene.zone_of(challenge), Contains("CNAME r1.auth.test."));
}

SCENARIO("an account that the server has lost is registered anew, and the record to be changed is told") {
  Scene scene;
  CHECK_THAT(scene.zone_of(challenge), Contains("CNAME r1.auth.test."));
  const dns::Name old_target("r1.auth.test");
  const auto write = [&](const dns::Name& at, const std::string& subdomain) {
    return outcome_of([&] {
      run(scene.loop, scene.provider->apply({at, subdomain}, {{Action::add, at, value("one"), 60s}}));
    });
  };
  CHECK(write(old_target, "r1") == "made");
  scene.provider = scene.started();
  WHEN("its database is gone") {
    scene.server.lose_accounts();
    const std::string told =
        "refused acme-dns:alias make the record \"_acme-challenge.example.test. CNAME r2.auth.test.\" once in place of "
        "the one that leads to r1.auth.test, whose account the server has lost: the account is there already, and the "
        "next try goes on with it";
    CHECK(write(old_target, "r1") == told);
    THEN("it is told for as long as the alias leads to the old one, after a restart too, and registered once") {
      const auto requests = scene.server.seen().size();
      CHECK(scene.zone_of(old_target) == told);
      scene.provider = scene.started();
      CHECK(scene.zone_of(old_target) == told);
      CHECK(scene.server.seen().size() == requests);
      CHECK(write(dns::Name("r2.auth.test"), "r2") == "made");
      CHECK_THAT(scene.zone_of(challenge), Contains("CNAME r2.auth.test."));
    }
    THEN("it may be lost again") {
      scene.provider = scene.started();
      scene.server.lose_accounts();
      CHECK_THAT(write(dns::Name("r2.auth.test"), "r2"), Contains("CNAME r3.auth.test."));
      scene.provider = scene.started();
      CHECK_THAT(scene.zone_of(old_target), Contains("CNAME r3.auth.test.") && Contains("leads to r1.auth.test"));
    }
  }
  WHEN("the server refuses this host's address") {
    scene.server.refuse_address();
    for (int i = 0; i < 3; ++i) CHECK_THAT(write(old_target, "r1"), StartsWith("refused http:401 "));
    THEN("no account is lost, and one is tried") {
      CHECK(run(scene.loop, scene.provider->zone_of(old_target)) == Zone{old_target, "r1"});
      CHECK(std::ranges::count_if(scene.server.seen(),
                                  [](const std::string& line) { return line.starts_with("POST /register"); }) == 2);
    }
  }
  WHEN("it is one of the configuration") {
    scene.server.lose_accounts();
    CHECK_THAT(scene.adding({"one"}), StartsWith("refused http:401 "));
  }
}
