// SPDX-License-Identifier: Apache-2.0
// Our account at a CA: told apart, kept up to date, found again, replaced; and what many learn of a CA at once.
#include "daemon/issue/ca_account.h"

#include <filesystem>
#include <set>

#include "daemon/acme/causes.h"
#include "tests/unit/catch.h"
#include "tests/unit/daemon/journey_scene.h"

namespace acmed::issue {
namespace {

using namespace std::chrono_literals;
using Catch::Contains;
using Catch::StartsWith;
using test::FakeCa;
using test::JourneyScene;
using test::problem;

acme::ExternalAccountBinding binding(const std::string& key_id) {
  return {key_id, Secret("0123456789abcdef0123456789abcdef")};
}

bool only_looks(const FakeCa::Seen& seen) {
  return seen.payload.find("onlyReturnExisting") != seen.payload.npos;
}

std::size_t looks(const JourneyScene& scene) {
  std::size_t count = 0;
  for (const auto& seen : scene.ca.seen()) count += seen.resource == "new-account" && only_looks(seen) ? 1 : 0;
  return count;
}

/// The keys that accounts were made with.
std::set<std::string> keys(const JourneyScene& scene) {
  std::set<std::string> shown;
  for (const auto& seen : scene.ca.seen()) {
    if (seen.resource == "new-account" && !only_looks(seen)) shown.insert(json::dump(seen.header["jwk"]));
  }
  return shown;
}

std::vector<std::string> contacts_told(const JourneyScene& scene) {
  std::vector<std::string> told;
  for (const auto& seen : scene.ca.seen()) {
    if (seen.resource == "account") told.push_back(seen.payload);
  }
  return told;
}

FakeCa::Reply account(const JourneyScene& scene, const std::string& status) {
  return FakeCa::Reply("200 OK", R"({"status": ")" + status + "\"}").with("Location: " + scene.ca.url("account/1"));
}

/// From now on the CA refuses orders by the account that it has now, and says this of it.
void refuse_orders(JourneyScene& scene, const FakeCa::Reply& refusal, const FakeCa::Reply& about_account) {
  const auto refused_key = keys(scene);
  auto accepted = std::make_shared<bool>(false);
  scene.ca.be_odd("new-order", [refusal, accepted](const FakeCa::Seen&) {
    return *accepted ? std::nullopt : std::optional(refusal);
  });
  scene.ca.be_odd("new-account", [about_account, accepted](const FakeCa::Seen& seen) -> std::optional<FakeCa::Reply> {
    if (only_looks(seen)) return about_account;
    *accepted = true;
    return std::nullopt;
  });
}

std::size_t folders_of_accounts(const JourneyScene& scene) {
  const std::filesystem::directory_iterator folders(scene.directory.folder.path() / "accounts");
  return static_cast<std::size_t>(std::distance(begin(folders), end(folders)));
}

Task<> order(Authority* authority, std::vector<std::string>* causes) {
  try {
    co_await authority->new_order({"www.example.test"}, "", {});
  } catch (const Error& error) {
    causes->push_back(error.cause());
  }
}

/// So many orders side by side; the causes of those that failed.
std::vector<std::string> order_many(JourneyScene& scene, int count) {
  AcmeAuthority authority(scene.loop, scene.store, scene.settings);
  std::vector<std::string> causes;
  std::vector<Task<>> orders;
  for (int i = 0; i < count; ++i) orders.push_back(order(&authority, &causes));
  run(scene.loop, when_all(std::move(orders)));
  return causes;
}

}  // namespace

SCENARIO("a CA that wants an external account is named, with the key that is missing") {
  JourneyScene scene;
  scene.ca.set_directory("meta", json::Object{{"externalAccountRequired", true}});
  CHECK_THAT(scene.run(),
             Catch::Contains("CA fake wants an external account binding: set eab = { kid = ..., hmac_key = "
                             "... } in [ca.fake]"));
  CHECK(scene.ca.count("new-account") == 0);
}

SCENARIO("each external account and each type of key has an account of its own, and keeps it") {
  JourneyScene scene;
  scene.settings.account.external_account = binding("department-1");
  REQUIRE(scene.run().empty());
  scene.settings.account.external_account = binding("department-2");
  REQUIRE(scene.run().empty());
  CHECK(keys(scene).size() == 2);
  scene.settings.account_key = crypto::KeyType::rsa_2048;
  REQUIRE(scene.run().empty());
  CHECK(keys(scene).size() == 3);
  scene.ca.forget_seen();
  scene.settings.account_key = crypto::KeyType::ecdsa_p256;
  scene.settings.account.external_account = binding("department-1");
  CHECK(scene.run().empty());
  CHECK(scene.ca.count("new-account") == 0);
}

SCENARIO("an account that exists already is used when its key is brought along") {
  JourneyScene scene;
  REQUIRE(scene.run().empty());
  const auto key = crypto::PrivateKey::generate(crypto::KeyType::ecdsa_p256);
  scene.settings.brought_key = config::BroughtKey{key.to_pem(), key.jwk_thumbprint()};
  REQUIRE(scene.run().empty());
  CHECK(keys(scene).size() == 2);
  CHECK(keys(scene).contains(json::dump(json::Value(key.jwk()))));
  CHECK(folders_of_accounts(scene) == 2);
  WHEN("it is taken away again, acmed's own is used, which it has kept") {
    scene.ca.forget_seen();
    scene.settings.brought_key.reset();
    CHECK(scene.run().empty());
    CHECK(scene.ca.count("new-account") == 0);
  }
}

SCENARIO("a changed contact is told to the CA, once") {
  JourneyScene scene;
  scene.settings.account.contact = {"mailto:a@example.test"};
  REQUIRE(scene.run().empty());
  scene.ca.be_odd("account", [&](const FakeCa::Seen&) { return std::optional(FakeCa::Reply("200 OK", "{}")); });
  WHEN("nothing changed") {
    CHECK(scene.run().empty());
    CHECK(contacts_told(scene).empty());
  }
  WHEN("it changed, and changed back to none") {
    scene.settings.account.contact = {"mailto:b@example.test"};
    CHECK(scene.run().empty());
    CHECK(scene.run().empty());
    CHECK(contacts_told(scene) == std::vector<std::string>{R"({"contact":["mailto:b@example.test"]})"});
    scene.settings.account.contact = {};
    CHECK(scene.run().empty());
    CHECK(contacts_told(scene).back() == R"({"contact":[]})");
  }
  WHEN("it is not known what the CA was told") {
    auto kept = run(scene.loop, scene.store.load_account({scene.settings.directory_url, "", "ecdsa-p256"})).value();
    kept.contact.reset();
    run(scene.loop, scene.store.save_account(kept));
    CHECK(scene.run().empty());
    CHECK(contacts_told(scene).size() == 1);
  }
  WHEN("the CA does not take it") {
    scene.ca.be_odd("account",
                    [](const FakeCa::Seen&) { return std::optional(problem("400 Bad Request", "invalidContact")); });
    scene.settings.account.contact = {"mailto:b@example.test"};
    THEN("certificates are issued all the same, and it is told again later") {
      CHECK(scene.run().empty());
      CHECK(scene.run().empty());
      CHECK(contacts_told(scene).size() == 2);
    }
  }
}

SCENARIO("a refusal that may be about the account has it looked at, whatever the words") {
  JourneyScene scene;
  REQUIRE(scene.run().empty());
  scene.clock.advance(48h);
  scene.ca.forget_seen();
  const auto denied = problem("403 Forbidden", "unauthorized", "no");
  WHEN("the account is fine") {
    refuse_orders(scene, denied, account(scene, "valid"));
    THEN("the refusal stands, and nothing is made") {
      CHECK_THAT(scene.run(), StartsWith("acme:unauthorized"));
      CHECK(looks(scene) == 1);
      CHECK(keys(scene).empty());
    }
  }
  WHEN("the account is deactivated") {
    for (const auto& refusal :
         {denied, problem("400 Bad Request", "malformed"), problem("401 Unauthorized", "x:y:inactive"),
          FakeCa::Reply("401 Unauthorized", "<html>")}) {
      refuse_orders(scene, refusal, account(scene, "deactivated"));
      if (refusal.body.find("inactive") != std::string::npos) continue;
      CHECK(scene.run().empty());
      scene.clock.advance(48h);
    }
    THEN("another one with another key takes its place, and the old one is kept aside") {
      CHECK(keys(scene).size() == 3);
      CHECK(folders_of_accounts(scene) == 4);
    }
  }
  WHEN("the CA shows a deactivated account by a refusal") {
    refuse_orders(scene, denied, denied);
    CHECK(scene.run().empty());
    CHECK(keys(scene).size() == 1);
    THEN("one that is deactivated again within the day is not replaced") {
      refuse_orders(scene, denied, denied);
      CHECK_THAT(scene.run(), StartsWith("acme:accountDeactivated") && Contains("less than a day"));
      CHECK(keys(scene).size() == 1);
    }
  }
  WHEN("the CA has revoked it") {
    refuse_orders(scene, denied, account(scene, "revoked"));
    THEN("no other is made, and the sentence says whom to ask") {
      CHECK_THAT(scene.run(), StartsWith("acme:accountRevoked") && Contains("ask the CA for the reason"));
      CHECK(keys(scene).empty());
    }
  }
  WHEN("the CA has forgotten it") {
    refuse_orders(scene, denied, problem("400 Bad Request", "accountDoesNotExist"));
    THEN("its key is registered again") {
      CHECK(scene.run().empty());
      CHECK(keys(scene).size() == 1);
      CHECK(folders_of_accounts(scene) == 1);
    }
  }
}

SCENARIO("a binding that a lost answer used up is found again by the account's key") {
  JourneyScene scene;
  scene.settings.account.external_account = binding("once");
  scene.ca.instead("new-account", {"", ""});
  scene.ca.instead("new-account", {"", ""});
  REQUIRE_FALSE(scene.run().empty());
  WHEN("the CA made the account") {
    refuse_orders(scene, problem("403 Forbidden", "unauthorized"), account(scene, "valid"));
    scene.ca.be_odd("new-order", {});
    scene.ca.be_odd("new-account", [&](const FakeCa::Seen& seen) {
      return std::optional(only_looks(seen) ? account(scene, "valid")
                                            : problem("403 Forbidden", "unauthorized", "the key was used"));
    });
    CHECK(scene.run().empty());
    CHECK(looks(scene) == 1);
  }
  WHEN("it did not") {
    scene.ca.be_odd("new-account", [&](const FakeCa::Seen& seen) {
      return std::optional(only_looks(seen) ? problem("400 Bad Request", "accountDoesNotExist")
                                            : problem("403 Forbidden", "unauthorized", "the key was used"));
    });
    CHECK_THAT(scene.run(), StartsWith("acme:unauthorized") && Contains("does not bind the external account once") &&
                                Contains("the key was used"));
  }
}

SCENARIO("a CA that insists on a common name gets the first name that can be one") {
  AuthoritySettings settings;
  const auto too_long = std::string(60, 'x') + ".example.test";
  CHECK(settings.common_name_of({"a.test"}).empty());
  settings.has_common_name = true;
  CHECK(settings.common_name_of({"a.test", "b.test"}) == "a.test");
  CHECK(settings.common_name_of({too_long, "b.test"}) == "b.test");
  CHECK(settings.common_name_of({too_long}).empty());

  JourneyScene scene;
  const std::string identifier = "\x06\x03\x55\x04\x03";  // id-at-commonName in DER
  std::string requested;
  scene.ca.issue_by([&](const FakeCa::Issuance& issuance) {
    requested = issuance.request;
    return scene.chain(issuance);
  });
  REQUIRE(scene.run().empty());
  CHECK(requested.find(identifier) == std::string::npos);
  scene.settings.has_common_name = true;
  REQUIRE(scene.run().empty());
  CHECK(requested.find(identifier) != std::string::npos);
}

SCENARIO("what a CA says of the account is asked once for all certificates") {
  JourneyScene scene;
  WHEN("no account may be made now") {
    scene.ca.be_odd("new-account", [](const FakeCa::Seen&) {
      return std::optional(problem("429 Too Many Requests", "rateLimited").with("Retry-After: 3600"));
    });
    CHECK(order_many(scene, 12) == std::vector<std::string>(12, "acme:rateLimited"));
    CHECK(scene.ca.count("new-account") == 1);
  }
  WHEN("the CA sheds load before there is an account") {
    scene.ca.be_odd("directory", [](const FakeCa::Seen&) {
      return std::optional(FakeCa::Reply("503 Service Unavailable", "").with("Retry-After: 3600"));
    });
    CHECK(order_many(scene, 60) == std::vector<std::string>(60, acme::overloaded));
    CHECK(scene.ca.count() == 1);
  }
  WHEN("the account is deactivated") {
    REQUIRE(scene.run().empty());
    scene.clock.advance(48h);
    scene.ca.forget_seen();
    refuse_orders(scene, problem("403 Forbidden", "unauthorized"), account(scene, "deactivated"));
    CHECK(order_many(scene, 12).empty());
    CHECK(keys(scene).size() == 1);
  }
}

}  // namespace acmed::issue
