// SPDX-License-Identifier: Apache-2.0
#include "providers/lego/exec.h"

#include <fmt/format.h>

#include "base/log.h"
#include "base/runtime/scope.h"
#include "tests/unit/providers/log_capture.h"
#include "tests/unit/providers/programs.h"
#include "tests/unit/providers/shown_zone.h"

namespace acmed::providers {
namespace {

using Catch::Contains;
using Catch::StartsWith;
using namespace std::chrono_literals;

dns::Name name_at(int i) {
  return dns::Name(fmt::format("_acme-challenge.n{}.example.test", i));
}

TxtChange change(Action action, int i, const std::string& value = "-value") {
  return {action, name_at(i), value, 60s, Origin{fmt::format("n{}.example.test", i), "token.thumbprint"}};
}

/// A helper that notes how it was called, and what acmed makes of it.
struct Scene {
  Programs programs;
  Loop loop;
  ShownZone shown{loop};
  dns::Discovery discovery{loop, {shown.resolver.endpoint()}, dns::fake::port()};
  std::unique_ptr<LegoExec> provider;

  explicit Scene(const std::string& body, config::LegoMode mode = config::LegoMode::finished, Duration timeout = 10s) {
    config::Provider configured;
    configured.name = "old";
    configured.zones = {"example.test", "sub.example.test"};
    const auto program = programs.script("helper", "echo \"$*\" >>" + programs.path("calls").string() + "; " + body);
    provider = std::make_unique<LegoExec>(
        configured, config::LegoExec{external_program({program, "first"}, timeout), mode}, discovery);
  }

  std::string apply(std::vector<TxtChange> changes) {
    return outcome_of([&] { run(loop, provider->apply({dns::Name("example.test"), {}}, std::move(changes))); });
  }
  std::string calls() const { return programs.read("calls"); }
};

Task<> apply_both(LegoExec* provider) {
  std::vector<Task<>> tasks;
  tasks.push_back(provider->apply({dns::Name("example.test"), {}}, {change(Action::add, 1)}));
  tasks.push_back(provider->apply({dns::Name("sub.example.test"), {}}, {change(Action::add, 2)}));
  co_await when_all(std::move(tasks));
}

}  // namespace

SCENARIO("a helper of lego's is called as lego calls it") {
  const std::vector<TxtChange> changes = {change(Action::add, 1), change(Action::remove, 2)};
  WHEN("it is told the record") {
    Scene scene("env >" + std::string("$0.env"));
    CHECK(scene.apply(changes) == "made");
    CHECK(scene.calls() ==
          "first present _acme-challenge.n1.example.test. -value\n"
          "first cleanup _acme-challenge.n2.example.test. -value\n");
    CHECK_THAT(scene.programs.read("helper.env"), Contains("API_TOKEN=hush-hush\n") && !Contains("HOME="));
  }
  WHEN("it makes the record itself") {
    Scene scene("", config::LegoMode::raw);
    CHECK(scene.apply(changes) == "made");
    CHECK(scene.calls() ==
          "first present -- n1.example.test token token.thumbprint\n"
          "first cleanup -- n2.example.test token token.thumbprint\n");
  }
  WHEN("it makes the record itself, of what is not known any more") {
    Scene scene("", config::LegoMode::raw);
    auto unknown = change(Action::remove, 1);
    unknown.origin.reset();
    CHECK_THAT(scene.apply({unknown, change(Action::remove, 2)}),
               StartsWith("refused lego:origin ") && Contains("mode = \"default\""));
    CHECK(scene.calls() == "first cleanup -- n2.example.test token token.thumbprint\n");
  }
}

SCENARIO("a helper's zones are those of the configuration") {
  Scene scene("");
  CHECK(run(scene.loop, scene.provider->zone_of(dns::Name("_acme-challenge.a.sub.example.test")))->apex ==
        dns::Name("sub.example.test"));
  CHECK_FALSE(run(scene.loop, scene.provider->zone_of(dns::Name("elsewhere.test"))));
}

SCENARIO("a helper is never called twice at a time") {
  Scene scene("d=$(dirname \"$0\")/busy; mkdir \"$d\" || exit 1; sleep 0.2; rmdir \"$d\"");
  run(scene.loop, apply_both(scene.provider.get()));
}

SCENARIO("one name that a helper fails at does not keep the others back") {
  Scene scene("echo \"trying hush-hush\"; case $3 in *n2.*) echo 'no such zone' >&2; exit 4 ;; esac");
  scene.shown.show(name_at(2).text(), {});
  const test::LogCapture log;
  CHECK(scene.apply({change(Action::add, 1), change(Action::add, 2), change(Action::add, 3)}) ==
        "retry lego-exec:failed " + scene.programs.path("helper").string() +
            " present _acme-challenge.n2.example.test exited with 4: trying *** / no such zone");
  CHECK_THAT(scene.calls(), Contains("n3."));
  CHECK_THAT(log.text(), Contains("provider old: no such zone\n") && !Contains("hush"));
}

SCENARIO("a helper that fails at what is done already is believed when the DNS shows it") {
  Scene scene("echo 'record exists, or does not'; exit 1");
  const auto name = name_at(1).text();
  WHEN("the value is there") {
    scene.shown.show(name, {"-value", "another"});
    CHECK(scene.apply({change(Action::add, 1)}) == "made");
    CHECK_THAT(scene.apply({change(Action::remove, 1)}), StartsWith("retry lego-exec:failed "));
  }
  WHEN("the value is not there") {
    scene.shown.show(name, {"another"});
    CHECK(scene.apply({change(Action::remove, 1)}) == "made");
    CHECK_THAT(scene.apply({change(Action::add, 1)}), StartsWith("retry lego-exec:failed "));
  }
  WHEN("nothing is there") {
    scene.shown.show(name, {});
    CHECK(scene.apply({change(Action::remove, 1)}) == "made");
  }
  WHEN("the DNS does not tell") {
    scene.shown.server.say(name, dns::Type::txt, {.rcode = dns::Rcode::servfail});
    CHECK_THAT(scene.apply({change(Action::remove, 1)}), StartsWith("retry lego-exec:failed "));
  }
}

SCENARIO("a helper that hangs is ended, and is not called for each of a hundred names") {
  Scene scene("sleep 1000", config::LegoMode::finished, 200ms);
  std::vector<TxtChange> changes;
  for (int i = 0; i < 100; ++i) changes.push_back(change(Action::add, i));
  CHECK_THAT(scene.apply(changes),
             StartsWith("retry lego-exec:timeout ") && Contains("did not end within 200 ms and was stopped"));
  CHECK(std::ranges::count(scene.calls(), '\n') == 3);
}

SCENARIO("a helper that is not there is told once") {
  Scene scene("");
  std::filesystem::remove(scene.programs.path("helper"));
  CHECK(scene.apply({change(Action::add, 1), change(Action::add, 2)}) ==
        "refused process:start there is no file " + scene.programs.path("helper").string());
}

}  // namespace acmed::providers
