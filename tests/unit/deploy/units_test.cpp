// SPDX-License-Identifier: Apache-2.0
#include "daemon/deploy/units.h"

#include <stdlib.h>

#include "base/error.h"
#include "base/runtime/scope.h"
#include "tests/unit/catch.h"
#include "tests/unit/deploy/fake_manager.h"
#include "tests/unit/temporary_folder.h"

namespace acmed::deploy {
namespace {

using Catch::Contains;
using namespace std::chrono_literals;

struct World {
  std::optional<Error> tell(UnitVerb verb = UnitVerb::reload, Duration limit = 30s) {
    try {
      run(loop, tell_unit("nginx.service", verb, limit));
    } catch (const Error& error) {
      return error;
    }
    return std::nullopt;
  }

  TemporaryFolder folder;
  Loop loop;
  test::FakeManager manager{loop, folder.path() / "bus"};
};

}  // namespace

SCENARIO("a unit is told to read its files again, and waited for") {
  World world;
  WHEN("it is to be reloaded") {
    CHECK_FALSE(world.tell());
    CHECK(world.manager.calls == std::vector<std::string>{"ReloadOrTryRestartUnit nginx.service replace"});
  }
  WHEN("it is to be restarted") {
    CHECK_FALSE(world.tell(UnitVerb::restart));
    CHECK(world.manager.calls == std::vector<std::string>{"TryRestartUnit nginx.service replace"});
  }
  WHEN("the end is told before the reply that names the job") {
    world.manager.tells_end_first = true;
    CHECK_FALSE(world.tell());
  }
  WHEN("there was nothing to do") {
    world.manager.result = "skipped";
    CHECK_FALSE(world.tell());
  }
}

SCENARIO("a unit that does not reload is told with what to do about it") {
  World world;
  WHEN("its job fails") {
    world.manager.result = "failed";
    const auto error = world.tell();
    REQUIRE(error);
    CHECK(error->cause() == "deploy:unit");
    CHECK(error->advice() == Error::Advice::retry);
    CHECK(std::string(error->what()) ==
          "reload of nginx.service ended as \"failed\": journalctl -u nginx.service tells why");
  }
  WHEN("its job does not end") {
    world.manager.result.clear();
    const auto error = world.tell(UnitVerb::restart, 50ms);
    REQUIRE(error);
    CHECK(error->cause() == "deploy:timeout");
    CHECK_THAT(error->what(), Contains("restart of nginx.service did not end within 50 ms"));
  }
  WHEN("acmed may not") {
    for (const auto* name :
         {"org.freedesktop.DBus.Error.InteractiveAuthorizationRequired", "org.freedesktop.DBus.Error.AccessDenied"}) {
      world.manager.error = name;
      const auto error = world.tell();
      REQUIRE(error);
      CHECK(error->advice() == Error::Advice::refused);
      CHECK_THAT(error->what(), Contains("does not let acmed reload nginx.service: have acmed-deploy do it"));
    }
  }
  WHEN("there is no such unit") {
    world.manager.error = "org.freedesktop.systemd1.NoSuchUnit";
    const auto error = world.tell();
    REQUIRE(error);
    CHECK(error->advice() == Error::Advice::refused);
    CHECK_THAT(error->what(), Contains("cannot reload nginx.service: this host has no such unit"));
  }
  WHEN("systemd does not run here") {
    world.manager.error = "org.freedesktop.DBus.Error.ServiceUnknown";
    const auto error = world.tell();
    REQUIRE(error);
    CHECK_THAT(error->what(), Contains("systemd does not manage this host; use post_hook"));
  }
  WHEN("it says something else") {
    world.manager.error = "org.freedesktop.systemd1.UnitMasked";
    const auto error = world.tell();
    REQUIRE(error);
    CHECK_THAT(error->what(), Contains("cannot reload nginx.service: it is so"));
  }
  WHEN("the bus ends in the middle") {
    world.manager.hangs_up = true;
    const auto error = world.tell();
    REQUIRE(error);
    CHECK(error->advice() == Error::Advice::retry);
  }
}

SCENARIO("a host without D-Bus is told as such") {
  Loop loop;
  ::setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nowhere/bus", 1);
  try {
    run(loop, tell_unit("nginx.service", UnitVerb::reload, 1s));
    FAIL("no failure");
  } catch (const Retry& error) {
    CHECK_THAT(error.what(), Contains("cannot reload nginx.service: the system's D-Bus cannot be used"));
  }
  ::unsetenv("DBUS_SYSTEM_BUS_ADDRESS");
}

}  // namespace acmed::deploy
