// SPDX-License-Identifier: Apache-2.0
#include "daemon/renew/fail_over.h"

#include <list>

#include "daemon/acme/answer.h"
#include "daemon/acme/problem.h"
#include "daemon/deploy/local_actions.h"
#include "daemon/keep/keeper.h"
#include "tests/unit/catch.h"
#include "tests/unit/daemon/fake_authority.h"
#include "tests/unit/daemon/journey_scene.h"

namespace acmed {
namespace {

using namespace std::chrono_literals;
using Catch::Contains;

acme::ProblemError problem(const std::string& type, const std::string& about = {}) {
  acme::Problem found;
  found.type = type;
  if (!about.empty()) {
    acme::Problem inner;
    inner.type = type;
    inner.identifier = about;
    found.subproblems.push_back(inner);
  }
  return {"order a certificate", found, std::nullopt};
}

renew::Refusal refusal(const std::string& ca, const auto& failure) {
  return {ca, std::make_exception_ptr(failure)};
}

Error error_in(const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const Error& error) {
    return error;
  }
}

/// A certificate "web" that the CAs "one" and "two" may issue, as the service keeps it.
struct TwoCas : test::JourneyScene {
  renew::Ledger ledger{store, clock};
  test::FakeAuthority one{of("one"), [this](const std::string& csr) { return issued(csr, one.orders); }};
  test::FakeAuthority two{of("two"), [this](const std::string& csr) { return issued(csr, 100 + two.orders); }};
  deploy::LocalActions actions{directory.folder.deployments()};
  deploy::DeploymentCoordinator deployments{loop, actions};
  std::unique_ptr<keep::Keeper> keeper;

  TwoCas() {
    one.proved = two.proved = true;
    restart();
  }
  void restart() {
    keeper = std::make_unique<keep::Keeper>(
        context, ledger, deployments,
        keep::Wanted{{"web", {"a.example.test"}, crypto::KeyType::ecdsa_p256, &one, {}}, {}, {}, {&two}});
  }
  issue::AuthoritySettings of(const std::string& name) const {
    auto own = settings;
    own.name = name;
    own.directory_url = "https://" + name + ".test/dir";
    return own;
  }
  std::vector<crypto::Certificate> issued(const std::string& csr, int number) const {
    const auto now = std::chrono::time_point_cast<std::chrono::seconds>(clock.now());
    test::CertificateFacts facts;
    facts.not_before = now;
    facts.not_after = now + 90 * 24h;
    facts.serial = std::to_string(10 + number);
    facts.key_identifier_of_issuer = "0123456789";
    return crypto::parse_chain(leaf({0, {"a.example.test"}, csr}, facts) + issuer.intermediate_pem());
  }
  Time attempt(bool asked = false) { return acmed::run(loop, keeper->attempt(asked)); }
  std::string issuer_name() { return std::string(keeper->ca()); }
  store::Certificate remembered() { return acmed::run(loop, store.load_certificate("web")); }
  template <class Failure>
  static void fail(test::FakeAuthority& ca, const std::string& at, const Failure& failure) {
    ca.on_call = [at, failure](const std::string& call) {
      if (call == at) throw failure;
    };
  }
};

Error silent() {
  return {Error::Advice::retry, "curl:7", "cannot connect", std::nullopt, Party::ca};
}

}  // namespace

SCENARIO("the next CA is asked after what is the first one's fault or will, and not after what it would find as well") {
  struct Case {
    std::shared_ptr<const Error> failure;
    bool moves_on;
  };
  const auto of = [](auto failure) { return std::make_shared<const decltype(failure)>(std::move(failure)); };
  const std::vector<Case> cases = {
      {of(silent()), true},
      {of(Throttled(acme::overloaded, "busy", Time(), Party::ca)), true},
      {of(Throttled(renew::limit_reached, "no room", Time(), Party::ca)), true},
      {of(problem("rateLimited")), true},
      {of(problem("rejectedIdentifier")), true},
      {of(problem("caa", "a.example.test")), true},
      {of(problem("unauthorized")), true},  // of the account
      {of(problem("serverInternal")), true},
      {of(Refused("acme:invalidProfile", "no such profile")), true},
      {of(problem("unauthorized", "a.example.test")), false},
      {of(problem("dns", "a.example.test")), false},
      {of(Error(Error::Advice::retry, "dns:SERVFAIL", "no answer", std::nullopt, Party::name_server)), false},
      {of(Error(Error::Advice::retry, "http:500", "the API fails", std::nullopt, Party::dns_operator)), false},
      {of(Retry("file:28", "no space left")), false},
  };
  for (const auto& [failure, moves_on] : cases) {
    INFO(failure->what() << " " << failure->cause());
    CHECK(renew::is_for_the_next_ca(*failure, false) == moves_on);
    CHECK(renew::is_for_the_next_ca(*failure, true) == moves_on);
  }
  const Error slow(Error::Advice::retry, acme::timeout, "still pending", std::nullopt, Party::ca);
  CHECK_FALSE(renew::is_for_the_next_ca(slow, false));
  CHECK(renew::is_for_the_next_ca(slow, true));
}

SCENARIO("what several CAs say is told in one sentence, and tried again as soon as one of them may issue") {
  const Time now(std::chrono::sys_days(std::chrono::year(2026) / 11 / 26));
  const Throttled late("acme:rateLimited", "too many", now + 48h, Party::ca);
  const Throttled soon(acme::overloaded, "busy", now + 1h, Party::ca);
  const auto both = error_in(renew::joined({refusal("one", late), refusal("two", soon)}));
  CHECK_THAT(both.what(), Contains("no CA issues it: one: too many; two: busy"));
  CHECK(both.advice() == Error::Advice::throttled);
  CHECK(both.not_before() == now + 1h);
  const auto mixed = error_in(renew::joined({refusal("one", late), refusal("two", silent())}));
  CHECK(mixed.advice() == Error::Advice::retry);
  CHECK_FALSE(mixed.not_before());
  CHECK(std::string(error_in(renew::joined({refusal("one", late)})).what()) == "too many");
}

SCENARIO("a CA that does not answer costs no certificate where another one is named") {
  TwoCas scene;
  scene.fail(scene.one, "new_order", silent());
  scene.attempt();
  CHECK(scene.keeper->troubles().empty());
  CHECK(scene.issuer_name() == "two");
  CHECK(scene.remembered().issued->directory_url == "https://two.test/dir");
  THEN("the certificate stays when the first is back, and the next renewal is the first one's again") {
    scene.one.on_call = nullptr;
    const auto next = scene.attempt(true);
    scene.restart();
    scene.attempt();
    CHECK(scene.one.orders == 0);
    CHECK(scene.two.orders == 1);
    CHECK(scene.two.asked_about.size() >= 1);  // ARI, of the CA that issued
    CHECK(scene.one.asked_about.empty());
    CHECK(next > scene.clock.now() + 1h);
    scene.clock.advance(80 * 24h);
    scene.attempt();
    CHECK(scene.one.orders == 1);
    CHECK(scene.one.replaces.at(0).empty());
    CHECK(scene.issuer_name() == "one");
  }
  THEN("it is ordered anew when the second is configured no more") {
    keep::Keeper other(scene.context, scene.ledger, scene.deployments,
                       keep::Wanted{{"web", {"a.example.test"}, crypto::KeyType::ecdsa_p256, &scene.one, {}}, {}, {}});
    scene.one.on_call = nullptr;
    run(scene.loop, other.attempt(false));
    CHECK(scene.one.orders == 1);
  }
}

SCENARIO("a CA that limits these names is left alone until its time, whatever comes of the other one") {
  TwoCas scene;
  const auto until = scene.clock.now() + 48h;
  acme::Problem limited;
  limited.type = "rateLimited";
  limited.detail = "too many certificates (5) already issued for this exact set of identifiers";
  scene.fail(scene.one, "new_order", acme::ProblemError("order a certificate", limited, until));
  scene.fail(scene.two, "new_order", silent());
  int asked = 0;
  const auto next = scene.attempt();
  REQUIRE(scene.keeper->troubles().size() == 1);
  CHECK_THAT(scene.keeper->troubles().front(), Contains("one: cannot order a certificate: rateLimited"));
  CHECK_THAT(scene.keeper->troubles().front(), Contains("two: cannot connect"));
  CHECK(next < scene.clock.now() + 2min);
  scene.one.on_call = [&asked](const std::string&) { ++asked; };
  scene.clock.advance(next - scene.clock.now());
  scene.attempt();
  CHECK(asked == 0);
  CHECK_THAT(scene.keeper->troubles().front(), Contains("one: the CA said that it allows no more certificates for"));
  THEN("also after a restart, and when a person forces it") {
    renew::Ledger restarted(scene.store, scene.clock);
    run(scene.loop, restarted.load());
    keep::Keeper other(
        scene.context, restarted, scene.deployments,
        keep::Wanted{{"web", {"a.example.test"}, crypto::KeyType::ecdsa_p256, &scene.one, {}}, {}, {}, {&scene.two}});
    keep::Wish wish;
    wish.asked = wish.renew = wish.force = true;
    run(scene.loop, other.attempt(wish));
    CHECK(asked == 0);
  }
  THEN("it is asked when its time has come") {
    scene.clock.advance(until - scene.clock.now());
    scene.attempt();
    CHECK(scene.issuer_name() == "one");
  }
}

SCENARIO("a CA that wants to be left alone for long is passed over, and one that does for minutes is waited for") {
  TwoCas scene;
  const auto pause = GENERATE(Duration(10min), Duration(2h));
  run(scene.loop,
      scene.ledger.learn("https://one.test/dir", std::make_exception_ptr(Throttled(
                                                     acme::overloaded, "busy", scene.clock.now() + pause, Party::ca))));
  const auto next = scene.attempt();
  CHECK(scene.one.orders == 0);
  if (pause == Duration(10min)) {
    CHECK(scene.two.orders == 0);
    CHECK(scene.keeper->state() == keep::State::waiting);
    CHECK(next == scene.clock.now() + 10min);
    scene.clock.advance(pause);
    scene.attempt();
    CHECK(scene.issuer_name() == "one");
  } else {
    CHECK(scene.issuer_name() == "two");
  }
}

SCENARIO("an order is gone on with at its own CA, also after a restart and after another CA was asked") {
  TwoCas scene;
  WHEN("the process ends while the second CA works on it") {
    scene.fail(scene.one, "new_order", silent());
    scene.fail(scene.two, "finalize", silent());
    scene.attempt();
    REQUIRE(scene.remembered().order);
    scene.one.on_call = nullptr;
    scene.two.on_call = nullptr;
    scene.restart();
    scene.attempt(true);
    CHECK(scene.one.orders == 0);
    CHECK(scene.two.orders == 1);
    CHECK(scene.issuer_name() == "two");
  }
  WHEN("the second CA fails as well") {
    scene.fail(scene.one, "finalize", silent());
    scene.fail(scene.two, "new_order", silent());
    scene.attempt();
    REQUIRE(scene.remembered().set_aside);
    CHECK(scene.remembered().set_aside->size() == 1);
    CHECK_FALSE(scene.remembered().order);
    scene.one.on_call = nullptr;
    scene.restart();
    scene.attempt(true);
    CHECK(scene.one.orders == 1);
    CHECK(scene.issuer_name() == "one");
    CHECK_FALSE(scene.remembered().set_aside);
  }
  WHEN("the second one issues, the first one's order is dropped") {
    scene.fail(scene.one, "finalize", silent());
    scene.attempt();
    CHECK(scene.issuer_name() == "two");
    CHECK_FALSE(scene.remembered().set_aside);
    CHECK_FALSE(scene.remembered().order);
  }
}

SCENARIO("what is not a CA's fault is no reason to ask another one") {
  TwoCas scene;
  scene.one.proved = false;
  scene.provider->refuses = true;
  scene.attempt();
  CHECK(scene.one.orders == 1);
  CHECK(scene.two.orders == 0);
  CHECK(scene.keeper->troubles().size() == 1);
}

}  // namespace acmed
