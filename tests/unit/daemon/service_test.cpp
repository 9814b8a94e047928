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
  run(world.loop, world.store.save_certificate("old", former));
  Service service(world.loop, world.store, world.publisher, world.actions,
                  world.folder.load(world.text(World::certificate("new"))), world.servers);
  run(world.loop, service.run_once());
  CHECK_THAT(world.calls(), Catch::Contains("cleanup _acme-challenge.old.example.test. left"));
  CHECK(run(world.loop, world.store.load_certificate("old")).values.empty());
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
  daemon.reload();
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

}  // namespace acmed
