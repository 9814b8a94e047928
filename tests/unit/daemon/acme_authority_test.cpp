// SPDX-License-Identifier: Apache-2.0
#include "daemon/issue/acme_authority.h"

#include <set>

#include "tests/unit/catch.h"
#include "tests/unit/daemon/journey_scene.h"

namespace acmed::issue {
namespace {

using Catch::Contains;
using Catch::StartsWith;
using test::JourneyScene;
using test::problem;

/// The account keys that the CA was shown.
std::set<std::string> keys_shown(const JourneyScene& scene) {
  std::set<std::string> keys;
  for (const auto& seen : scene.ca.seen()) {
    if (seen.resource == "new-account") keys.insert(json::dump(seen.header["jwk"]));
  }
  return keys;
}

/// The profile that was last ordered by; empty for none.
std::string profile_ordered(const JourneyScene& scene) {
  std::string profile;
  for (const auto& seen : scene.ca.seen()) {
    if (seen.resource == "new-order") profile = json::parse(seen.payload).value()["profile"].text_or();
  }
  return profile;
}

}  // namespace

SCENARIO("an account's key is on the disk before the CA first sees it: no account is lost with an answer") {
  JourneyScene scene;
  scene.ca.instead("new-account", {"", ""});
  scene.ca.instead("new-account", {"503 Service Unavailable", ""});
  int runs = 1;
  while (runs < 5 && !scene.run().empty()) ++runs;
  CHECK(runs < 5);
  CHECK(scene.ca.count("new-account") > 2);
  CHECK(keys_shown(scene).size() == 1);
}

SCENARIO("an account is asked for once, and remembered over restarts") {
  JourneyScene scene;
  CHECK(scene.run().empty());
  CHECK(scene.run().empty());
  CHECK(scene.ca.count("new-account") == 1);
  CHECK(scene.ca.count("directory") == 1);
}

SCENARIO("a CA that has lost its accounts gets the same key again, and the order goes on") {
  JourneyScene scene;
  REQUIRE(scene.run().empty());
  scene.ca.instead("new-order", problem("400 Bad Request", "accountDoesNotExist"));
  CHECK(scene.run().empty());
  CHECK(scene.ca.count("new-account") == 2);
  CHECK(keys_shown(scene).size() == 1);
  WHEN("it says so of every order") {
    for (int i = 0; i < 2; ++i) scene.ca.instead("new-order", problem("400 Bad Request", "accountDoesNotExist"));
    CHECK_THAT(scene.run(), StartsWith("acme:accountDoesNotExist"));
    CHECK(scene.ca.count("new-account") == 3);
  }
}

SCENARIO("each CA has an account of its own") {
  JourneyScene scene;
  REQUIRE(scene.run().empty());
  scene.settings.directory_url = scene.ca.url("directory/other");
  REQUIRE(scene.run().empty());
  CHECK(scene.ca.count("new-account") == 2);
  CHECK(keys_shown(scene).size() == 2);
}

SCENARIO("a profile is ordered by where the CA has it") {
  JourneyScene scene;
  scene.ca.set_directory("meta", json::Object{{"profiles", json::Object{{"tlsserver", "for servers"}}}});
  WHEN("it has it") {
    scene.settings.profile = "tlsserver";
    scene.settings.profile_required = true;
    CHECK(scene.run().empty());
    CHECK(profile_ordered(scene) == "tlsserver");
  }
  WHEN("it does not have it, and that is no matter") {
    scene.settings.profile = "shortlived";
    CHECK(scene.run().empty());
    CHECK(profile_ordered(scene).empty());
  }
  WHEN("it does not have it, and it is required") {
    scene.settings.profile = "shortlived";
    scene.settings.profile_required = true;
    CHECK_THAT(scene.run(), StartsWith("acme:invalidProfile") && Contains("it offers: tlsserver") &&
                                Contains("set `profile` to one of these, or profile_required = false"));
    CHECK(scene.ca.orders() == 0);
  }
  WHEN("a certificate has a profile of its own") {
    scene.settings.profile = "shortlived";
    scene.settings.profile_required = true;
    scene.request.profile = config::Profile{"tlsserver", true};
    CHECK(scene.run().empty());
    CHECK(profile_ordered(scene) == "tlsserver");
    CHECK(scene.state().issued->profile == "tlsserver");
  }
  WHEN("a certificate wants the CA's own choice, whatever the CA's table says") {
    scene.settings.profile = "tlsserver";
    scene.request.profile = config::Profile();
    CHECK(scene.run().empty());
    CHECK(profile_ordered(scene).empty());
  }
}

SCENARIO("an order that was left by another profile is not gone on with") {
  JourneyScene scene;
  scene.ca.set_directory("meta", json::Object{{"profiles", json::Object{{"tlsserver", "for servers"}}}});
  scene.leave_an_order();
  scene.request.profile = config::Profile{"tlsserver", true};
  CHECK(scene.run().empty());
  CHECK(scene.ca.orders() == 2);
  CHECK(profile_ordered(scene) == "tlsserver");
}

SCENARIO("an order tells the CA which certificate it replaces; one that cannot take that gets it without, once") {
  JourneyScene scene;
  scene.ca.set_directory("renewalInfo", scene.ca.url("renewal-info"));
  const auto order = [&scene] {
    AcmeAuthority authority(scene.loop, scene.store, scene.settings);
    run(scene.loop, authority.new_order({"www.example.test"}, "aYhba4.AIdl", {}));
  };
  const auto replaced = [&scene] {
    std::vector<std::string> ids;
    for (const auto& seen : scene.ca.seen()) {
      if (seen.resource == "new-order") ids.push_back(json::parse(seen.payload).value()["replaces"].text_or());
    }
    return ids;
  };
  WHEN("it takes it") {
    order();
    CHECK(replaced() == std::vector<std::string>{"aYhba4.AIdl"});
  }
  WHEN("it cannot take it") {
    for (const auto& [status, type] :
         std::map<std::string, std::string>{{"409 Conflict", "alreadyReplaced"},
                                            {"400 Bad Request", "malformed"},
                                            {"404 Not Found", "notFound"},
                                            {"500 Internal Server Error", "serverInternal"}}) {
      scene.ca.forget_seen();
      scene.ca.instead("new-order", problem(status, type));
      if (status.starts_with("404")) scene.ca.instead("new-order", problem(status, type));
      order();
      CHECK(replaced().front() == "aYhba4.AIdl");
      CHECK(replaced().back().empty());
    }
  }
  WHEN("it has another reason to refuse the order") {
    scene.ca.instead("new-order", problem("429 Too Many Requests", "rateLimited"));
    CHECK_THROWS(order());
    CHECK(replaced().size() == 1);
  }
  WHEN("it makes no suggestions about renewal") {
    scene.ca.set_directory("renewalInfo", "");
    order();
    CHECK(replaced() == std::vector<std::string>{""});
  }
}

}  // namespace acmed::issue
