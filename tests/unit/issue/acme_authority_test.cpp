// SPDX-License-Identifier: Apache-2.0
#include "daemon/issue/acme_authority.h"

#include <set>

#include "tests/unit/catch.h"
#include "tests/unit/daemon/journey_scene.h"
#include "tests/unit/providers/log_capture.h"

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

SCENARIO("a refusal says what to change in the configuration") {
  JourneyScene scene;
  WHEN("names are refused") {
    scene.ca.instead("new-order", problem("400 Bad Request", "rejectedIdentifier", "forbidden by policy"));
    CHECK_THAT(scene.run(), StartsWith("acme:rejectedIdentifier") && Contains("forbidden by policy") &&
                                Contains("take the names that it refuses out of `domains`, or set `ca`"));
  }
  WHEN("those of a renewal are") {
    scene.ca.set_directory("renewalInfo", scene.ca.url("renewal-info"));
    scene.ca.instead("new-order", problem("400 Bad Request", "unsupportedIdentifier", "no wildcards"));
    AcmeAuthority authority(scene.loop, scene.store, scene.settings);
    CHECK_THROWS_WITH(run(scene.loop, authority.new_order({"*.example.test"}, "aYhba4.AIdl", {})),
                      Contains("no wildcards") && Contains("take the names that it refuses"));
  }
  WHEN("there are too many of them") {
    scene.request.domains = {"a.example.test", "b.example.test", "c.example.test"};
    scene.ca.instead("new-order", problem("400 Bad Request", "malformed", "Cannot contain more than 2 identifiers"));
    CHECK_THAT(scene.run(), StartsWith("acme:malformed") &&
                                Contains("the certificate has 3 names: make several certificates of it"));
  }
  WHEN("the account's key is of a type that it does not take") {
    scene.ca.instead("new-account", problem("400 Bad Request", "badPublicKey", "no such curve"));
    const auto told = scene.run();
    CHECK_THAT(told, StartsWith("acme:badPublicKey") && Contains("no such curve") &&
                         Contains("takes no ecdsa-p256 key for an account: set account_key_type in [ca.fake]"));
    CHECK(told.find("set key_type") == std::string::npos);
  }
  WHEN("the certificate's is") {
    scene.ca.instead("finalize", problem("400 Bad Request", "badPublicKey", "no such curve"));
    CHECK_THAT(scene.run(), StartsWith("acme:badPublicKey") && Contains("set key_type to ecdsa-p256 or rsa-2048"));
  }
  WHEN("it does not bind the external account") {
    scene.settings.account.external_account = acme::ExternalAccountBinding{"kid-1", Secret("0123456789abcdef")};
    for (int i = 0; i < 2; ++i)
      scene.ca.instead("new-account", problem("401 Unauthorized", "unauthorized", "no kid-1"));
    CHECK_THAT(scene.run(), StartsWith("acme:unauthorized") && Contains("no kid-1") &&
                                Contains("look at kid and hmac_key of eab in [ca.fake]"));
  }
  WHEN("what it refuses has nothing to do with that binding") {
    scene.settings.account.external_account = acme::ExternalAccountBinding{"kid-1", Secret("0123456789abcdef")};
    scene.ca.instead("new-account", problem("400 Bad Request", "invalidContact", "no such domain"));
    const auto told = scene.run();
    CHECK_THAT(told, StartsWith("acme:invalidContact") && Contains("set contact in the [ca] section"));
    CHECK(told.find("eab") == std::string::npos);
  }
  WHEN("it finds in the DNS that another CA may issue") {
    scene.ca.instead("finalize", problem("403 Forbidden", "caa", "CAA forbids it"));
    CHECK_THAT(scene.run(), Contains("acmed --check --dns tells where they are and what to add"));
  }
}

SCENARIO("that a chain is not offered is told once, with those that are") {
  JourneyScene scene;
  REQUIRE(scene.run().empty());
  AcmeAuthority authority(scene.loop, scene.store, scene.settings);
  const test::LogCapture log;
  const auto download = [&](const std::string& preferred) {
    const auto chain = run(scene.loop, authority.certificate(scene.ca.url("certificate/0"), preferred));
    return chain.back().issuer_common_name();
  };
  const auto root = download("Root Three");
  CHECK_THAT(log.text(), Contains("CA fake offers no chain of \"Root Three\", which preferred_chain names") &&
                             Contains("set preferred_chain to a name in one of these, or leave it out: \"") &&
                             Contains("from \"" + root + "\""));
  const auto told = log.text().size();
  CHECK(download("Root Three") == root);
  CHECK(download(root) == root);
  CHECK(log.text().size() == told);
  CHECK(download("Root Four") == root);
  CHECK_THAT(log.text(), Contains("Root Four"));
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
