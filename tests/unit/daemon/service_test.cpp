// SPDX-License-Identifier: Apache-2.0
#include "daemon/service.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "base/files.h"
#include "base/runtime/sleep.h"
#include "daemon/daemon.h"
#include "daemon/deploy/local_actions.h"
#include "tests/unit/catch.h"
#include "tests/unit/config/folder.h"
#include "tests/unit/daemon/state_directory.h"
#include "tests/unit/deploy/fake_actions.h"
#include "tests/unit/providers/log_capture.h"

namespace acmed {
namespace {

using namespace std::chrono_literals;

/// A folder with a configuration whose only provider notes what it is told, and a CA that nobody has.
struct World {
  config::Folder folder;
  Loop loop;
  store::StateDirectory state{folder.path("state")};
  store::FileStore& store = state.store;
  store::Publisher& publisher = state.publisher;
  deploy::LocalActions actions{state.folder.deployments()};
  providers::NameServers servers;

  World() {
    folder.write("hook", fmt::format("#!/bin/sh\necho $1 $2 $3 >> {}\n", folder.path("calls").string()), 0700);
  }

  std::string text(const std::string& certificates, const std::string& directory = "state") const {
    return fmt::format(R"(
state_directory = "{}"
[ca.none]
directory = "https://127.0.0.1:1/dir"
terms_agreed = true
[provider.hook]
type = "lego-exec"
command = ["{}"]
zones = ["example.test"]
{})",
                       folder.path(directory).string(), folder.path("hook").string(), certificates);
  }
  static std::string certificate(const std::string& name) {
    return fmt::format("[[certificate]]\nname = \"{0}\"\ndomains = [\"{0}.example.test\"]\n", name);
  }
  std::string calls() const { return files::read(folder.path("calls")).value_or(""); }

  /// A certificate that is in place and fresh.
  void put_in_place(const std::string& name) {
    const auto now = loop.clock().now();
    store::Certificate certificate;
    const auto number = state.add(loop, name,
                                  {Secret("-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n"),
                                   "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n", "",
                                   "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n"});
    certificate.issued = store::Issued{
        number, "https://127.0.0.1:1/dir", "ecdsa-p256", {name + ".example.test"}, name, now, now + 24h * 90, now};
    run(loop, store.save_certificate(name, certificate));
    state.publish(loop, name, number);
  }
};

Task<> stop_when(bool (*done)(const std::string&), const test::LogCapture* log, std::stop_source* stop) {
  for (int i = 0; i < 1000 && !done(log->text()); ++i) co_await sleep_for(10ms);
  stop->request_stop();
}

Task<> live(Daemon* daemon, config::Config config, Task<> story) {
  co_await accompanied(daemon->run(std::move(config)), std::move(story));
}

}  // namespace

SCENARIO("what a certificate left in the DNS goes, though it is configured no more") {
  World world;
  store::Certificate former;
  former.values = {{"hook", "example.test", "", "_acme-challenge.old.example.test", "left"}};
  store::TlsaValue tlsa;
  tlsa.provider = "hook";
  tlsa.zone = "example.test";
  tlsa.name = "_25._tcp.old.example.test";
  tlsa.value = "3 1 1 ab";
  former.dane = store::Dane();
  former.dane->values = {tlsa};
  const store::TxtValue record{"hook", "example.test", "", "_validation-persist.old.example.test", "ca.test"};
  former.persistent = {{record, "old.example.test", "https://127.0.0.1:1/dir"}};
  store::OpenOrder order;
  order.account.directory_url = "https://127.0.0.1:1/dir";
  order.url = "https://127.0.0.1:1/order/1";
  former.order = order;
  former.set_aside = std::vector{order};
  run(world.loop, world.store.save_certificate("old", former));
  store::Certificate other;
  other.values = {{"hook", "example.test", "", "_acme-challenge.other.example.test", "left"}};
  run(world.loop, world.store.save_certificate("other", other));
  Service service(world.loop, world.store, world.publisher, world.actions,
                  world.folder.load(world.text(World::certificate("new"))), world.servers);
  run(world.loop, service.run_once());
  CHECK_THAT(world.calls(), Catch::Contains("cleanup _acme-challenge.other.example.test. left"));
  CHECK(run(world.loop, world.store.load_certificate("other")).values.empty());
  CHECK_THAT(world.calls(), Catch::Contains("cleanup _acme-challenge.old.example.test. left"));
  CHECK_THAT(world.calls(), Catch::Contains("cleanup _25._tcp.old.example.test. 3 1 1 ab"));
  CHECK_THAT(world.calls(), Catch::Contains("cleanup _validation-persist.old.example.test. ca.test"));
  CHECK(run(world.loop, world.store.load_certificate("old")).values.empty());
  CHECK(run(world.loop, world.store.load_certificate("old")).persistent.empty());
  CHECK_FALSE(run(world.loop, world.store.load_certificate("old")).dane);
  CHECK_FALSE(run(world.loop, world.store.load_certificate("old")).order);
  CHECK_FALSE(run(world.loop, world.store.load_certificate("old")).set_aside);
}

SCENARIO("certificates that are in place and fresh are left alone, and the status counts them") {
  World world;
  std::string certificates;
  for (const auto* name : {"a", "b", "c"}) {
    world.put_in_place(name);
    certificates += World::certificate(name);
  }
  Service service(world.loop, world.store, world.publisher, world.actions, world.folder.load(world.text(certificates)),
                  world.servers);
  CHECK(run(world.loop, service.run_once()).empty());
  CHECK(world.calls().empty());
  THEN("who watches one that is configured no more hears that it is gone") {
    CHECK(service.condition("a") == notify::Watched::Condition::well);
    CHECK(service.condition("former") == notify::Watched::Condition::gone);
  }
  WHEN("one more cannot be issued") {
    Service another(world.loop, world.store, world.publisher, world.actions,
                    world.folder.load(world.text(certificates + World::certificate("d"))), world.servers);
    std::stop_source stop;
    bool told = false;
    another.on_change = [&] {
      told = another.status().find("4 certificates, next look at ") == 0 &&
             another.status().find(", failing: d") != std::string::npos;
      if (told) stop.request_stop();
    };
    CHECK_THROWS_AS(run(world.loop, another.run(true), stop.get_token()), Cancelled);
    CHECK(told);
  }
}

SCENARIO("what somebody has changed of one certificate among many is seen at the start") {
  World world;
  std::string certificates;
  for (const auto* name : {"a", "b", "c", "d"}) {
    world.put_in_place(name);
    certificates += World::certificate(name);
  }
  const auto key_of = [&world](const std::string& name) {
    return world.state.generation_path(name, 1) / "privkey.pem";
  };
  const auto other = world.state.add(world.loop, "a", run(world.loop, world.store.generation("a", 1)).files);
  world.state.publish(world.loop, "a", other);
  std::filesystem::resize_file(key_of("b"), 0);
  std::filesystem::permissions(key_of("c"), std::filesystem::perms(0644));
  Service service(world.loop, world.store, world.publisher, world.actions, world.folder.load(world.text(certificates)),
                  world.servers);
  const auto troubles = run(world.loop, service.run_once());
  REQUIRE(troubles.size() == 1);
  CHECK_THAT(troubles.front(), Catch::StartsWith("b: "));
  CHECK(world.state.live(world.loop, "a") == 1U);
  const auto rights = std::filesystem::status(key_of("c")).permissions();
  CHECK((rights & std::filesystem::perms::others_all) == std::filesystem::perms::none);
}

namespace {

Task<> ask_for_renewal(Service* service, bool force, control::Outcome* outcome,
                       std::optional<keep::CertificateView>* after) {
  // At a start nothing is read yet.
  while (!service->certificate("a") || service->certificate("a")->state == keep::State::waiting)
    co_await sleep_for(5ms);
  *outcome = co_await service->renew("a", force);
  while (service->certificate("a")->state == keep::State::working) co_await sleep_for(5ms);
  *after = service->certificate("a");
}

Task<> expect_replaced(Service* service, std::string* cause) {
  try {
    co_await service->renew("a", false);
  } catch (const Error& error) {
    *cause = error.cause();
  }
}

/// When all that is ready has had its turn: what was asked for before waits for the service then.
Task<> close_soon(Service* service) {
  co_await sleep_for(Duration::zero());
  co_await service->close();
}

}  // namespace

SCENARIO("a person asks for a renewal before its time: it is tried at once, and leaves no trouble when it fails") {
  World world;
  world.put_in_place("a");
  Service service(world.loop, world.store, world.publisher, world.actions,
                  world.folder.load(world.text(World::certificate("a"))), world.servers);
  control::Outcome outcome;
  std::optional<keep::CertificateView> after;
  const test::LogCapture log;
  run(world.loop, accompanied(ask_for_renewal(&service, false, &outcome, &after), service.run(true)));
  REQUIRE(outcome.size() == 1);
  CHECK(outcome.front().what == "issue");
  CHECK(outcome.front().cause == "curl:7");
  CHECK(outcome.front().party == Party::ca);
  REQUIRE(after);
  CHECK(after->state == keep::State::valid);
  CHECK(after->troubles.empty());
  REQUIRE(after->live);
  CHECK(after->live->generation == 1);
  REQUIRE(after->next);
  CHECK(after->next->what == "renew");
  CHECK(after->next->because == "a third of its life is left");
  run(world.loop, service.close());
}

SCENARIO("what was asked for when another configuration comes is told to have come to nothing") {
  World world;
  world.put_in_place("a");
  Service service(world.loop, world.store, world.publisher, world.actions,
                  world.folder.load(world.text(World::certificate("a"))), world.servers);
  run(world.loop, service.run_once());
  std::string cause;
  std::vector<Task<>> both;
  both.push_back(expect_replaced(&service, &cause));
  both.push_back(close_soon(&service));
  run(world.loop, when_all(std::move(both)));
  CHECK(cause == "control:replaced");
}

SCENARIO("those who look see every certificate, also while they are being read at the start") {
  World world;
  std::string certificates;
  for (const auto* name : {"a", "b", "c"}) certificates += World::certificate(name);
  world.put_in_place("b");
  Service service(world.loop, world.store, world.publisher, world.actions, world.folder.load(world.text(certificates)),
                  world.servers);
  const auto names = [&service](const std::string& after, std::size_t most) {
    std::string all;
    for (const auto& view : service.certificates_after(after, most)) {
      all += view.name + " " + std::string(keep::to_text(view.state)) + ";";
    }
    return all;
  };
  CHECK(names("", 10) == "a waiting;b waiting;c waiting;");
  CHECK(names("a", 1) == "b waiting;");
  const test::LogCapture log;
  run(world.loop, service.run_once());
  CHECK(names("", 10) == "a failing;b valid;c failing;");
  CHECK(names("b", 10) == "c failing;");
  CHECK(names("none", 10).empty());
  CHECK(service.states_after("", 2).size() == 2);
  CHECK_FALSE(service.certificate("none"));
  const auto failing = service.certificate("a");
  REQUIRE(failing);
  CHECK(failing->troubles.front().what == "issue");
  CHECK(failing->troubles.front().party == Party::ca);
  CHECK(failing->next->because == "it has failed once and is tried again");
  CHECK(service.providers().front().type == "lego-exec");
  CHECK(service.cas().front().name == "none");
  run(world.loop, service.close());
}

namespace {

struct Reloads {
  std::vector<config::Fault> wrong;
  std::vector<config::Fault> right;
  std::size_t count = 0;
};

Task<> reload_twice(Daemon* daemon, const World* world, Reloads* seen) {
  while (daemon->keeping() == nullptr) co_await sleep_for(5ms);
  world->folder.write("acmed.toml", world->text(World::certificate("a") + "certifcate = 1\nfoo = 2\n"));
  seen->wrong = co_await daemon->reload();
  world->folder.write("acmed.toml", world->text(World::certificate("a") + World::certificate("b")));
  seen->right = co_await daemon->reload();
  for (int i = 0; i < 1000 && seen->count != 2; ++i) {
    co_await sleep_for(5ms);
    seen->count = daemon->keeping() != nullptr ? daemon->keeping()->certificate_count() : 0;
  }
}

Task<> beside(Daemon* daemon, config::Config config, Task<> story) {
  co_await accompanied(std::move(story), daemon->run(std::move(config)));
}

}  // namespace

SCENARIO("whoever asks for a reload hears of every fault, and the API follows the new configuration") {
  World world;
  world.put_in_place("a");
  const auto config = world.folder.load(world.text(World::certificate("a")));
  Daemon daemon(world.loop, world.store, world.publisher, world.actions, world.folder.path("acmed.toml"));
  Reloads seen;
  const test::LogCapture log;
  run(world.loop, beside(&daemon, config, reload_twice(&daemon, &world, &seen)));
  REQUIRE(seen.wrong.size() == 2);
  CHECK(seen.wrong[0].line > 0);
  CHECK_THAT(seen.wrong[0].sentence, Catch::Contains("there is no such key"));
  CHECK(seen.right.empty());
  CHECK(seen.count == 2);
}

SCENARIO("the state directory never changes while the daemon runs") {
  World world;
  world.put_in_place("a");
  const auto config = world.folder.load(world.text(World::certificate("a")));
  Daemon daemon(world.loop, world.store, world.publisher, world.actions, world.folder.path("acmed.toml"));
  world.folder.write("acmed.toml", world.text(World::certificate("a"), "elsewhere"));
  const test::LogCapture log;
  std::stop_source stop;
  const auto refused = [](const std::string& text) {
    return text.find("state_directory cannot change while acmed runs") != std::string::npos;
  };
  daemon.request_reload();
  CHECK_THROWS_AS(run(world.loop, live(&daemon, config, stop_when(refused, &log, &stop)), stop.get_token()), Cancelled);
  CHECK(refused(log.text()));
  CHECK_FALSE(std::filesystem::exists(world.folder.path("elsewhere")));
}

SCENARIO("what was under way to a target that is configured no more is taken back") {
  World world;
  world.put_in_place("a");
  deploy::FakeActions actions;
  actions.under_way = {{"a", "web"}, {"a", "gone"}, {"gone", "web"}};
  const auto config = world.folder.load(
      world.text(World::certificate("a") + "[[certificate.deploy]]\nname = \"web\"\npost_hook = [\"/bin/true\"]\n"));
  Service service(world.loop, world.store, world.publisher, actions, config, world.servers);
  run(world.loop, service.run_once());
  CHECK(actions.count("take back") == 2);
  CHECK(actions.under_way == std::vector<deploy::TargetName>{{"a", "web"}});
}

namespace {

Task<> ask_for_account(Service* service, std::string* answer, std::stop_source* stop) {
  try {
    co_await service->change_account("none", control::AccountChange::roll_key);
  } catch (const Error& error) {
    *answer = error.what();
  }
  stop->request_stop();
}

Task<> keep_while(Service* service, Task<> story) {
  co_await accompanied(service->run(true), std::move(story));
}

}  // namespace

SCENARIO("what is wanted of an account is done by the service, and the answer comes from there") {
  World world;
  world.put_in_place("a");
  Service service(world.loop, world.store, world.publisher, world.actions,
                  world.folder.load(world.text(World::certificate("a"))), world.servers);
  std::string answer;
  std::stop_source stop;
  CHECK_THROWS_AS(run(world.loop, keep_while(&service, ask_for_account(&service, &answer, &stop)), stop.get_token()),
                  Cancelled);
  CHECK_THAT(answer, Catch::Contains("there is no account at CA none yet"));
}

}  // namespace acmed
