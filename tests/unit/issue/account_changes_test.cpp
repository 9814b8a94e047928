// SPDX-License-Identifier: Apache-2.0
// What a person wants of an account: a new key, its end, another one; and several at one CA.
#include <filesystem>

#include "base/runtime/sleep.h"
#include "daemon/issue/acme_authority.h"
#include "tests/unit/catch.h"
#include "tests/unit/daemon/journey_scene.h"

namespace acmed::issue {
namespace {

using Catch::Contains;
using test::FakeCa;
using test::JourneyScene;

/// A CA that knows its account's key, and an account there.
struct AccountScene : JourneyScene {
  AccountScene() {
    ca.keep_account();
    REQUIRE(order());
    ca.forget_seen();
  }
  std::unique_ptr<AcmeAuthority> ours = std::make_unique<AcmeAuthority>(loop, store, settings);

  /// As another process, which knows what is on disk.
  void restart() { ours = std::make_unique<AcmeAuthority>(loop, store, settings); }
  bool order() {
    why.clear();
    try {
      acmed::run(loop, ours->new_order({"www.example.test"}, "", {}));
    } catch (const Error& error) {
      why = error.cause() + " " + error.what();
    }
    return why.empty();
  }
  std::string tried(Task<> task) {
    try {
      acmed::run(loop, std::move(task));
    } catch (const Error& error) {
      return error.cause() + " " + error.what();
    }
    return {};
  }
  std::string roll() { return tried(ours->account().roll_key()); }
  std::string kept_key() {
    const auto kept = acmed::run(loop, store.load_account(settings.account_identity()));
    return json::dump(crypto::PrivateKey::from_pem(kept.value().key_pem).jwk());
  }
  bool has_next_key() const { return !on_disk("next_key.pem").empty(); }
  /// The CA is not to be reached.
  void cut(const std::string& resource) {
    ca.be_odd(resource, [](const FakeCa::Seen&) { return FakeCa::Reply("", ""); });
  }
  void heal(const std::string& resource) { ca.be_odd(resource, {}); }

  std::string why;
};

}  // namespace

SCENARIO("a new key is on disk before the CA hears of it, and takes the former one's place once the CA has it") {
  AccountScene scene;
  const auto former = scene.kept_key();
  std::string on_disk;
  scene.ca.on_request("key-change", [&] { on_disk = scene.on_disk("next_key.pem"); });
  CHECK(scene.roll().empty());
  CHECK_THAT(on_disk, Contains("PRIVATE KEY"));
  CHECK(json::dump(crypto::PrivateKey::from_pem(Secret(on_disk)).jwk()) == scene.ca.account_key());
  CHECK(scene.kept_key() == scene.ca.account_key());
  CHECK(scene.kept_key() != former);
  CHECK_FALSE(scene.has_next_key());
  CHECK(scene.order());
  scene.restart();
  CHECK(scene.order());
  CHECK(scene.ca.count("new-account") == 0);
}

SCENARIO("after a crash in the middle of a key change the CA says which key the account has") {
  AccountScene scene;
  const auto former = scene.kept_key();
  scene.cut("new-account");
  WHEN("it has the new one") {
    scene.ca.change_answers("key-change", [](const FakeCa::Seen&, FakeCa::Reply) { return FakeCa::Reply("", ""); });
    CHECK_FALSE(scene.roll().empty());
    CHECK(scene.has_next_key());
    CHECK(scene.kept_key() == former);
    scene.heal("new-account");
    WHEN("it is the same process") {}
    WHEN("it is another process") {
      scene.restart();
    }
    CHECK(scene.order());
    CHECK(scene.kept_key() == scene.ca.account_key());
    CHECK(scene.kept_key() != former);
  }
  WHEN("it has the former one") {
    scene.cut("key-change");
    CHECK_FALSE(scene.roll().empty());
    CHECK(scene.has_next_key());
    scene.heal("new-account");
    scene.restart();
    CHECK(scene.order());
    CHECK(scene.kept_key() == former);
  }
  WHEN("it cannot be asked yet, nothing is signed and both keys stay") {
    scene.cut("key-change");
    CHECK_FALSE(scene.roll().empty());
    scene.restart();
    scene.ca.forget_seen();
    CHECK_FALSE(scene.order());
    CHECK(scene.has_next_key());
    CHECK(scene.ca.count("new-order") == 0);
    scene.heal("new-account");
    scene.clock.advance(std::chrono::minutes(2));
    CHECK(scene.order());
  }
  CHECK_FALSE(scene.has_next_key());
}

namespace {

Task<> prove_for(AcmeAuthority* authority, Duration time, std::string* story) {
  const auto proof = authority->under_way().proof("https://ca.test/authorization/1");
  co_await sleep_for(time);
  *story += "proved ";
}

Task<> roll_then(AcmeAuthority* authority, std::string* story) {
  try {
    co_await authority->none_is_proved();
    co_await authority->account().roll_key();
    *story += "changed";
  } catch (const Error& error) {
    *story += error.cause();
  }
}

}  // namespace

SCENARIO("an account gets its new key while nothing is proved by the former one") {
  AccountScene scene;
  std::string story;
  const auto tell = [&](Duration time) {
    std::vector<Task<>> work;
    work.push_back(prove_for(scene.ours.get(), time, &story));
    work.push_back(roll_then(scene.ours.get(), &story));
    run(scene.loop, when_all(std::move(work)));
  };
  WHEN("a proof ends soon") {
    tell(std::chrono::minutes(3));
    CHECK(story == "proved changed");
  }
  WHEN("a proof does not end") {
    tell(std::chrono::minutes(30));
    CHECK(story == "acme:proofsproved ");
    CHECK(scene.ca.count("key-change") == 0);
  }
}

SCENARIO("a key change that the CA refuses leaves the account as it was") {
  AccountScene scene;
  const auto former = scene.kept_key();
  scene.ca.instead("key-change", test::problem("501 Not Implemented", "rejectedIdentifier", "no such thing"));
  CHECK_THAT(scene.roll(), Contains("no such thing"));
  CHECK(scene.kept_key() == former);
  CHECK_FALSE(scene.has_next_key());
  CHECK(scene.order());
}

SCENARIO("a deactivated account stays, and no other one is made unasked") {
  AccountScene scene;
  CHECK(scene.tried(scene.ours->account().deactivate()).empty());
  WHEN("it is the same process") {}
  WHEN("it is another process") {
    scene.restart();
  }
  scene.ca.forget_seen();
  CHECK_FALSE(scene.order());
  CHECK_THAT(scene.why, Contains("acme:accountDeactivated") && Contains("acmectl account create fake"));
  CHECK(scene.ca.count() == 0);
  CHECK_THAT(scene.roll(), Contains("acme:accountDeactivated"));
  // Another one is made when somebody asks for it.
  CHECK(scene.tried(scene.ours->account().create()).empty());
  CHECK(scene.order());
  CHECK(acmed::run(scene.loop, scene.store.load_account(scene.settings.account_identity()))->url ==
        scene.ca.url("account/2"));
}

SCENARIO("a deactivation that was begun is gone on with") {
  AccountScene scene;
  WHEN("the CA has done it") {
    scene.ca.change_answers("account", [](const FakeCa::Seen&, FakeCa::Reply) { return FakeCa::Reply("", ""); });
  }
  WHEN("the CA has not done it") {
    scene.cut("account");
  }
  CHECK_FALSE(scene.tried(scene.ours->account().deactivate()).empty());
  scene.heal("account");
  scene.ca.change_answers("account", {});
  scene.restart();
  CHECK_FALSE(scene.order());
  CHECK_THAT(scene.why, Contains("acme:accountDeactivated") && Contains("acmectl account create fake"));
  const auto kept = acmed::run(scene.loop, scene.store.load_account(scene.settings.account_identity()));
  CHECK(kept->is_deactivation_known);
}

SCENARIO("an account that is in use is not made anew, nor one that there is not changed") {
  AccountScene scene;
  CHECK_THAT(scene.tried(scene.ours->account().create()), Contains("acme:accountExists"));
  CHECK(scene.order());
  scene.settings.account_label = "another";
  scene.restart();
  CHECK_THAT(scene.roll(), Contains("acme:noAccount"));
  CHECK_THAT(scene.tried(scene.ours->account().deactivate()), Contains("acme:noAccount"));
}

SCENARIO("who shares an account learns that another has given it a new key, or ended it") {
  AccountScene scene;
  AcmeAuthority other(scene.loop, scene.store, scene.settings);
  const auto orders = [&] {
    return scene.tried([](AcmeAuthority* authority) -> Task<> {
      co_await authority->new_order({"www.example.test"}, "", {});
    }(&other));
  };
  REQUIRE(orders().empty());
  WHEN("it has a new key") {
    REQUIRE(scene.roll().empty());
    CHECK(orders().empty());
    CHECK(scene.kept_key() == scene.ca.account_key());
    CHECK(acmed::run(scene.loop, scene.store.load_account(scene.settings.account_identity()))->url ==
          scene.ca.url("account/1"));
  }
  WHEN("it has ended") {
    REQUIRE(scene.tried(scene.ours->account().deactivate()).empty());
    CHECK_THAT(orders(), Contains("acmectl account create"));
  }
}

SCENARIO("several accounts at one directory are told apart by their labels, whatever their contacts are") {
  JourneyScene scene;
  scene.ca.be_odd("account", [](const FakeCa::Seen&) { return std::optional(FakeCa::Reply("200 OK", "{}")); });
  const auto accounts = [&scene] { return scene.ca.count("new-account"); };
  scene.settings.account.contact = {"mailto:a@example.test"};
  REQUIRE(scene.run().empty());
  scene.settings.account_label = "second";
  scene.settings.account.contact = {"mailto:b@example.test"};
  REQUIRE(scene.run().empty());
  CHECK(accounts() == 2);
  scene.settings.account.contact = {"mailto:c@example.test"};
  CHECK(scene.run().empty());
  scene.settings.account_label = "";
  scene.settings.account.contact = {"mailto:d@example.test"};
  CHECK(scene.run().empty());
  CHECK(accounts() == 2);
  CHECK(scene.ca.count("account") == 2);  // each was told its contact
}

}  // namespace acmed::issue
