// SPDX-License-Identifier: Apache-2.0
#include "daemon/keep/keeper.h"

#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>
#include <functional>

#include "base/crypto/x509.h"
#include "base/files.h"
#include "base/runtime/scope.h"
#include "daemon/acme/answer.h"
#include "daemon/deploy/local_actions.h"
#include "daemon/issue/acme_authority.h"
#include "tests/unit/base/test_ca.h"
#include "tests/unit/catch.h"
#include "tests/unit/daemon/state_directory.h"
#include "tests/unit/temporary_folder.h"

namespace acmed::keep {
namespace {

namespace fs = std::filesystem;

constexpr const char* directory_url = "https://ca.test/dir";

store::Generation generation(unsigned number, Time not_after) {
  static const test::TestCa ca;
  const auto key = crypto::PrivateKey::generate(crypto::KeyType::ecdsa_p256);
  const auto serial = fmt::format("{:02x}", number);
  test::CertificateFacts facts{{"web.test"}, false, serial, {}};
  facts.not_after = std::chrono::time_point_cast<std::chrono::seconds>(not_after);
  const auto leaf = ca.issue(key, facts).to_pem();
  store::Generation result{number, {}, {key.to_pem(), leaf, ca.root_pem(), leaf + ca.root_pem()}};
  result.meta.serial = serial;
  result.meta.not_after = not_after;
  return result;
}

/// A store whose disk is full when told.
class FullStore final : public store::FileStore {
 public:
  using FileStore::FileStore;
  Task<store::Revision> save_certificate(std::string name, store::Certificate certificate) override {
    if (saves_left == 0) throw Retry("file:28", "no space left on device");
    --saves_left;
    if (on_save) on_save();
    co_return co_await FileStore::save_certificate(std::move(name), std::move(certificate));
  }
  Task<std::vector<store::Loaded>> load_certificates(std::vector<std::string> names) override {
    auto loaded = co_await FileStore::load_certificates(std::move(names));
    if (unreadable) {
      for (auto& each : loaded) each.unreadable = std::make_exception_ptr(Retry("file:5", "input/output error"));
    }
    co_return loaded;
  }
  int saves_left = 1000;
  std::function<void()> on_save;
  bool unreadable = false;
};

/// A certificate "web" of which `generations` are issued, the last one now, and what keeps it.
struct World {
  TemporaryFolder folder;
  VirtualClock clock{Time(std::chrono::sys_days(std::chrono::year(2026) / 11 / 26))};
  Loop loop{clock};
  store::StateDirectory state{folder.path() / "state"};
  FullStore store{state.folder};
  issue::AcmeAuthority authority{loop, store, settings()};
  dns::Discovery discovery{loop, {}};
  issue::ZoneCoordinator zones{loop, {}};
  issue::JourneyContext context{loop, store, state.publisher, discovery, zones, {}};
  renew::Ledger ledger{store, loop.clock()};
  deploy::LocalActions actions{state.folder.deployments()};
  deploy::DeploymentCoordinator deployments{loop, actions};

  static issue::AuthoritySettings settings() {
    issue::AuthoritySettings result;
    result.name = "lab";
    result.directory_url = directory_url;
    return result;
  }

  void issue_generation(Duration life = std::chrono::hours(24 * 90), const std::string& name = "web") {
    auto certificate = run(loop, store.load_certificate(name));
    const unsigned next = certificate.issued ? certificate.issued->generation + 1 : 1;
    const auto now = loop.clock().now();
    const auto made = generation(next, now + life);
    const auto number = state.add(loop, name, made.files, made.meta);
    certificate.issued = store::Issued{number, directory_url, "ecdsa-p256", {"web.test"}, fmt::format("{:02x}", number),
                                       now,    now + life,    now};
    run(loop, store.save_certificate(name, certificate));
    state.publish(loop, name, number);
  }

  /// Of another certificate, which is issued too.
  Keeper keeper_of(const std::string& name, std::vector<config::Target> targets) {
    issue_generation(std::chrono::hours(24 * 90), name);
    return {context, ledger, deployments,
            Wanted{{name, {"web.test"}, crypto::KeyType::ecdsa_p256, &authority, {}, {}}, {}, std::move(targets)}};
  }

  Keeper keeper(std::vector<config::Target> targets, store::KeyGroup group = {}) {
    return {context, ledger, deployments,
            Wanted{{"web", {"web.test"}, crypto::KeyType::ecdsa_p256, &authority, {}, std::move(group)},
                   {},
                   std::move(targets)}};
  }

  /// A target that reads live/ and whose hook notes what it saw; it fails while the file `broken` is there.
  config::Target reader() const {
    config::Target target;
    target.name = "reader";
    target.post_hook = {"/bin/sh", "-c",
                        fmt::format("echo $ACMED_EVENT $(readlink $ACMED_LIVE_DIR | tail -c 2) >> {0}/seen; "
                                    "! test -e {0}/broken",
                                    folder.path().string())};
    return target;
  }

  /// A target with a copy of its own, "copy.pem".
  config::Target copies() const {
    config::Target target;
    target.name = "copies";
    target.directory = folder.path();
    target.files = {{config::FileKind::fullchain, "copy.pem"}};
    return target;
  }

  std::string full_chain(unsigned number) const {
    return files::read(state.generation_path("web", number) / "fullchain.pem").value_or("");
  }

  std::string seen() const { return files::read(folder.path() / "seen").value_or(""); }
  void break_hook(bool broken) const {
    if (broken) files::write_durably(folder.path() / "broken", "", 0600);
    if (!broken) fs::remove(folder.path() / "broken");
  }
  unsigned live() { return state.live(loop, "web").value_or(0); }
};

SCENARIO("a generation is deployed once, and not again by a later look or after a restart") {
  World world;
  world.issue_generation();
  auto keeper = world.keeper({world.reader()});
  const auto next = run(world.loop, keeper.attempt(false));
  run(world.loop, keeper.attempt(true));
  auto restarted = world.keeper({world.reader()});
  run(world.loop, restarted.attempt(true));
  CHECK(world.seen() == "deploy 1\n");
  CHECK(keeper.troubles().empty());
  CHECK(next > world.loop.clock().now() + std::chrono::hours(24 * 50));
}

SCENARIO("a hook that fails for a new generation gets the old one back, and the new one later") {
  World world;
  auto target = world.copies();
  target.post_hook = world.reader().post_hook;
  world.issue_generation();
  auto keeper = world.keeper({target});
  run(world.loop, keeper.attempt(false));
  world.issue_generation();
  world.break_hook(true);
  const auto has = [&world](unsigned number) {
    return files::read(world.folder.path() / "copy.pem") == world.full_chain(number);
  };

  auto renewed = world.keeper({target});
  const auto next = run(world.loop, renewed.attempt(false));
  CHECK(world.seen() == "deploy 1\ndeploy 2\nrollback 2\n");
  CHECK(has(1));
  REQUIRE(renewed.troubles().size() == 1);
  CHECK_THAT(renewed.troubles().front(), Catch::Contains("target copies"));
  CHECK(next > world.loop.clock().now() + std::chrono::seconds(30));
  CHECK(next < world.loop.clock().now() + std::chrono::minutes(2));

  THEN("it is remembered over a restart: nothing is tried before its time, and the old one stays") {
    auto restarted = world.keeper({target});
    run(world.loop, restarted.attempt(false));
    CHECK(has(1));
    CHECK(restarted.troubles().size() == 1);
    CHECK(world.seen() == "deploy 1\ndeploy 2\nrollback 2\n");

    world.break_hook(false);
    run(world.loop, restarted.attempt(true));
    CHECK(has(2));
    CHECK(restarted.troubles().empty());
    CHECK(world.seen() == "deploy 1\ndeploy 2\nrollback 2\ndeploy 2\n");
  }
}

SCENARIO("live/ keeps the newest pair for all who read it, for however long one of them fails") {
  World world;
  world.issue_generation();
  auto keeper = world.keeper({world.reader(), world.copies()});
  run(world.loop, keeper.attempt(false));
  world.issue_generation();
  world.break_hook(true);
  auto renewed = world.keeper({world.reader(), world.copies()});
  auto next = run(world.loop, renewed.attempt(false));
  for (int i = 0; i < 33; ++i) {
    CHECK(world.live() == 2);
    CHECK(files::read(world.folder.path() / "copy.pem") == world.full_chain(2));
    CHECK(renewed.troubles().size() == 1);
    world.clock.advance(next - world.clock.now());
    next = run(world.loop, renewed.attempt(false));
  }
  CHECK(world.clock.now() >
        Time(std::chrono::sys_days(std::chrono::year(2026) / 11 / 26)) + std::chrono::hours(24 * 28));
}

SCENARIO("targets of a certificate that only work together are tested together") {
  World world;
  world.issue_generation();
  auto one = world.copies();
  auto other = world.copies();
  other.name = "others";
  other.files = {{config::FileKind::privkey, "copy.key"}};
  one.test = other.test = {"/bin/sh", "-c",
                           fmt::format("test -s {0}/copy.pem && test -s {0}/copy.key", world.folder.path().string())};
  auto keeper = world.keeper({one, other});
  run(world.loop, keeper.attempt(false));
  CHECK(keeper.troubles().empty());
}

SCENARIO("a deployment that cannot be written down is not undone, and is settled when the disk is free again") {
  World world;
  world.issue_generation();
  auto keeper = world.keeper({world.reader()});
  run(world.loop, keeper.attempt(false));
  world.issue_generation();

  auto renewed = world.keeper({world.reader()});
  world.store.saves_left = 1;  // for the intent
  run(world.loop, renewed.attempt(false));
  CHECK(world.seen() == "deploy 1\ndeploy 2\n");
  CHECK(world.live() == 2);
  CHECK(renewed.troubles().size() == 1);

  world.store.saves_left = 1000;
  const auto next = run(world.loop, renewed.attempt(true));
  CHECK(renewed.troubles().empty());
  CHECK(next > world.loop.clock().now() + std::chrono::hours(24));
  CHECK(world.seen() == "deploy 1\ndeploy 2\n");
}

SCENARIO("a deployment whose intent cannot be written down is not begun") {
  World world;
  world.issue_generation();
  world.store.saves_left = 0;
  auto keeper = world.keeper({world.reader()});
  const auto next = run(world.loop, keeper.attempt(false));
  CHECK(world.seen().empty());
  CHECK(keeper.troubles().size() == 1);
  CHECK(next > world.loop.clock().now() + std::chrono::seconds(30));
}

SCENARIO("what another host has done meanwhile is read, not overwritten") {
  World world;
  world.issue_generation();
  auto keeper = world.keeper({world.reader()});
  run(world.loop, keeper.attempt(false));
  world.clock.advance(std::chrono::hours(24 * 80));
  world.issue_generation();
  // This one knows nothing of it, finds a renewal due, and fails: there is no such CA.
  const auto next = run(world.loop, keeper.attempt(false));
  CHECK(next <= world.clock.now());
  CHECK(run(world.loop, world.store.load_certificate("web")).issued->generation == 2);
  run(world.loop, keeper.attempt(false));
  CHECK(world.seen() == "deploy 1\ndeploy 2\n");
  CHECK(keeper.troubles().empty());
}

SCENARIO("one target's trouble delays no other target") {
  World world;
  world.issue_generation();
  world.break_hook(true);
  auto copies = world.copies();
  auto keeper = world.keeper({world.reader(), copies});
  run(world.loop, keeper.attempt(false));
  CHECK(keeper.troubles().size() == 1);
  CHECK(files::read(world.folder.path() / "copy.pem") == world.full_chain(1));
}

SCENARIO("a target whose configuration changes is deployed anew") {
  World world;
  world.issue_generation();
  auto copies = world.copies();
  auto keeper = world.keeper({copies});
  run(world.loop, keeper.attempt(false));
  copies.files = {{config::FileKind::fullchain, "other.pem"}};
  auto changed = world.keeper({copies});
  run(world.loop, changed.attempt(false));
  CHECK(files::read(world.folder.path() / "other.pem") == world.full_chain(1));
}

SCENARIO("after a crash between the state and the link, the link follows") {
  World world;
  world.issue_generation();
  world.issue_generation();
  world.state.publish(world.loop, "web", 1);
  auto keeper = world.keeper({});
  run(world.loop, keeper.attempt(false));
  CHECK(world.live() == 2);
}

SCENARIO("a pair that has ended is not put back, and does not stay when it ends") {
  using std::chrono::hours;
  World world;
  auto targets = std::vector{world.reader(), world.copies()};
  targets[1].post_hook = targets[0].post_hook;
  world.issue_generation(hours(100));
  auto keeper = world.keeper(targets);
  run(world.loop, keeper.attempt(false));
  world.clock.advance(hours(60));
  world.issue_generation(hours(100));
  world.break_hook(true);
  auto renewed = world.keeper(targets);
  auto next = run(world.loop, renewed.attempt(false));
  REQUIRE(world.live() == 2);
  REQUIRE(files::read(world.folder.path() / "copy.pem") == world.full_chain(1));

  WHEN("the former one ends while the hook still fails") {
    for (int i = 0;
         i < 20 && world.clock.now() < Time(std::chrono::sys_days(std::chrono::year(2026) / 11 / 30)) + hours(3); ++i) {
      world.clock.advance(next - world.clock.now());
      next = run(world.loop, renewed.attempt(false));
    }
    THEN("live/ and the target have the one that is valid, before the other ended") {
      CHECK(world.clock.now() < Time(std::chrono::sys_days(std::chrono::year(2026) / 11 / 30)) + hours(4));
      CHECK(world.live() == 2);
      CHECK(files::read(world.folder.path() / "copy.pem") == world.full_chain(2));
      CHECK(renewed.troubles().size() == 2);
    }
    THEN("it stays so after a restart and a further failure") {
      auto restarted = world.keeper(targets);
      run(world.loop, restarted.attempt(true));
      CHECK(world.live() == 2);
      CHECK(files::read(world.folder.path() / "copy.pem") == world.full_chain(2));
    }
  }
  WHEN("it had ended before somebody tried again") {
    world.clock.advance(hours(50));
    auto restarted = world.keeper(targets);
    run(world.loop, restarted.attempt(true));
    CHECK(world.live() == 2);
    CHECK(files::read(world.folder.path() / "copy.pem") == world.full_chain(2));
  }
}

SCENARIO("the last moment in which the former pair is worth something may pass while a deployment fails") {
  using std::chrono::hours;
  using std::chrono::seconds;
  World world;
  auto hooked = world.copies();
  hooked.post_hook = world.reader().post_hook;
  world.issue_generation(hours(100));
  auto keeper = world.keeper({hooked});
  run(world.loop, keeper.attempt(false));
  world.clock.advance(hours(99) - seconds(5));
  world.issue_generation(hours(100));
  world.break_hook(true);
  auto renewed = world.keeper({hooked});
  // The former pair is worth something when it is put back, and nothing when that is recorded.
  world.store.on_save = [&world, was_late = false]() mutable {
    if (was_late || world.seen().find("rollback") == std::string::npos) return;
    was_late = true;
    world.clock.advance(seconds(10));
  };
  auto next = run(world.loop, renewed.attempt(false));
  REQUIRE(files::read(world.folder.path() / "copy.pem") == world.full_chain(1));
  CHECK(next <= world.clock.now());

  next = run(world.loop, renewed.attempt(false));
  CHECK(files::read(world.folder.path() / "copy.pem") == world.full_chain(2));
  CHECK(renewed.troubles().size() == 1);
  CHECK(next > world.clock.now() + seconds(30));
  // Another attempt, for another reason, does not try it again before its time.
  const auto seen = world.seen();
  run(world.loop, renewed.attempt(false));
  CHECK(world.seen() == seen);
}

SCENARIO("after the last moment of the former pair a deployment is tried at the usual pace") {
  using std::chrono::hours;
  World world;
  auto copies = world.copies();
  copies.directory = world.folder.path() / "tls";
  std::filesystem::create_directory(*copies.directory);
  world.issue_generation(hours(100));
  auto keeper = world.keeper({copies});
  run(world.loop, keeper.attempt(false));
  world.clock.advance(hours(99) + std::chrono::minutes(30));
  world.issue_generation(hours(100));
  std::filesystem::remove_all(*copies.directory);
  auto renewed = world.keeper({copies});
  const auto next = run(world.loop, renewed.attempt(false));
  CHECK(renewed.troubles().size() == 1);
  CHECK(next > world.clock.now() + std::chrono::seconds(30));
  std::filesystem::create_directory(*copies.directory);
  run(world.loop, renewed.attempt(false));
  CHECK(std::filesystem::is_empty(*copies.directory));
  world.clock.advance(next - world.clock.now());
  run(world.loop, renewed.attempt(false));
  CHECK(files::read(*copies.directory / "copy.pem") == world.full_chain(2));
}

SCENARIO("a state that could not be read is read later, and the trouble is over") {
  World world;
  world.issue_generation();
  world.store.unreadable = true;
  auto keeper = world.keeper({});
  const auto next = run(world.loop, keeper.attempt(false));
  CHECK(keeper.troubles().size() == 1);
  CHECK(next > world.clock.now() + std::chrono::seconds(30));
  CHECK(next < world.clock.now() + std::chrono::minutes(2));
  world.store.unreadable = false;
  world.clock.advance(next - world.clock.now());
  run(world.loop, keeper.attempt(false));
  CHECK(keeper.troubles().empty());
  CHECK_FALSE(keeper.is_troubled());
}

SCENARIO("another key type, other names and another CA are due at once, the same is not") {
  World world;
  world.context.began = world.clock.now();
  world.issue_generation();
  const auto due_at_once = [&world](const std::vector<std::string>& names, crypto::KeyType type,
                                    issue::Authority& authority) {
    Keeper keeper(world.context, world.ledger, world.deployments, Wanted{{"web", names, type, &authority, {}}, {}, {}});
    run(world.loop, keeper.prepare());
    return keeper.next(false) <= world.clock.now();
  };
  auto settings = World::settings();
  settings.directory_url = "https://other-ca.test/dir";
  issue::AcmeAuthority other(world.loop, world.store, settings);
  CHECK_FALSE(due_at_once({"web.test"}, crypto::KeyType::ecdsa_p256, world.authority));
  CHECK(due_at_once({"web.test"}, crypto::KeyType::ecdsa_p384, world.authority));
  CHECK(due_at_once({"web.test", "more.test"}, crypto::KeyType::ecdsa_p256, world.authority));
  CHECK(due_at_once({"web.test"}, crypto::KeyType::ecdsa_p256, other));
}

SCENARIO("a CA that wants to be left alone is not asked, unless a person asks") {
  World world;
  const auto until = world.clock.now() + std::chrono::hours(1);
  run(world.loop, world.ledger.learn(directory_url,
                                     std::make_exception_ptr(Throttled(acme::overloaded, "busy", until, Party::ca))));
  auto keeper = world.keeper({});
  CHECK(run(world.loop, keeper.attempt(false)) == until);
  REQUIRE(keeper.troubles().size() == 1);
  CHECK_THAT(keeper.troubles().front(), Catch::Contains("CA lab asked to be left alone until"));
  WHEN("a person asks, and the CA cannot be reached") {
    CHECK(run(world.loop, keeper.attempt(true)) == until);
    CHECK_THAT(keeper.troubles().front(), Catch::Contains("CA lab asked to be left alone until"));
  }
}

SCENARIO("files that a target lost are put there again at the next start, without a new order") {
  World world;
  world.issue_generation();
  auto keeper = world.keeper({world.copies()});
  run(world.loop, keeper.attempt(false));
  const auto copy = world.folder.path() / "copy.pem";
  WHEN("the file is gone") {
    fs::remove(copy);
  }
  WHEN("the file is empty") {
    fs::resize_file(copy, 0);
  }
  WHEN("a restored backup has an older one") {
    files::write_durably(copy, "older", 0600);
  }
  auto restarted = world.keeper({world.copies()});
  run(world.loop, restarted.attempt(true));
  CHECK(files::read(copy) == world.full_chain(1));
  CHECK(restarted.troubles().empty());
}

SCENARIO("a certificate in service whose files cannot be used is not taken for well") {
  World world;
  world.issue_generation();
  const auto folder = world.state.generation_path("web", 1);
  WHEN("the key is empty") {
    fs::resize_file(folder / "privkey.pem", 0);
  }
  WHEN("the folder is gone") {
    fs::remove_all(folder);
  }
  WHEN("all certificates are gone") {
    for (const auto* name : {"cert.pem", "fullchain.pem"}) fs::remove(folder / name);
  }
  auto keeper = world.keeper({});
  run(world.loop, keeper.attempt(true));
  // An order is tried at once: there is no such CA here.
  REQUIRE(keeper.troubles().size() == 1);
  CHECK_THAT(keeper.troubles().front(), Catch::Contains("ca.test"));
}

SCENARIO("a trouble ends when something else is asked for") {
  World world;
  auto keeper = world.keeper({});
  run(world.loop, keeper.attempt(false));
  REQUIRE(keeper.troubles().size() == 1);
  auto state = run(world.loop, world.store.load_certificate("web"));
  state.trouble->next_try = state.trouble->not_before.emplace(world.clock.now() + std::chrono::hours(24 * 7));
  state.trouble->sentence = "limited for a week";
  run(world.loop, world.store.save_certificate("web", state));
  WHEN("the same is asked for") {
    auto same = world.keeper({});
    run(world.loop, same.attempt(true));
    CHECK_THAT(same.troubles().front(), Catch::Contains("limited for a week"));
  }
  WHEN("other names are asked for") {
    Keeper other(world.context, world.ledger, world.deployments,
                 Wanted{{"web", {"other.test"}, crypto::KeyType::ecdsa_p256, &world.authority, {}}, {}, {}});
    run(world.loop, other.attempt(false));
    CHECK_THAT(other.troubles().front(), !Catch::Contains("limited for a week"));
  }
  WHEN("another key type is asked for") {
    Keeper other(world.context, world.ledger, world.deployments,
                 Wanted{{"web", {"web.test"}, crypto::KeyType::ecdsa_p384, &world.authority, {}}, {}, {}});
    run(world.loop, other.attempt(false));
    CHECK_THAT(other.troubles().front(), !Catch::Contains("limited for a week"));
  }
  WHEN("another CA is asked") {
    auto settings = World::settings();
    settings.directory_url = "https://other-ca.test/dir";
    issue::AcmeAuthority authority(world.loop, world.store, settings);
    Keeper other(world.context, world.ledger, world.deployments,
                 Wanted{{"web", {"web.test"}, crypto::KeyType::ecdsa_p256, &authority, {}}, {}, {}});
    run(world.loop, other.attempt(false));
    CHECK_THAT(other.troubles().front(), !Catch::Contains("limited for a week"));
  }
}

}  // namespace
SCENARIO("a key goes to the group of its certificate; where that cannot be, the pair is in service all the same") {
  World world;
  world.issue_generation();
  const auto key = world.folder.path() / "state/live/web/privkey.pem";
  const auto mode = [&key] { return fs::status(key).permissions(); };
  REQUIRE(mode() != static_cast<fs::perms>(0644));
  fs::permissions(key, static_cast<fs::perms>(0644));
  auto keeper = world.keeper({}, "no-such-group");
  run(world.loop, keeper.attempt(false));
  CHECK(world.live() == 1);
  REQUIRE(keeper.troubles().size() == 1);
  CHECK_THAT(keeper.troubles().front(), Catch::Contains("this host has no group \"no-such-group\""));

  const auto own = std::to_string(::getegid());
  auto mended = world.keeper({}, own);
  run(world.loop, mended.attempt(false));
  CHECK(mended.troubles().empty());
  CHECK(mode() == static_cast<fs::perms>(0640));
  THEN("a mode that somebody else set later is put right at the next start") {
    fs::permissions(key, static_cast<fs::perms>(0666));
    auto restarted = world.keeper({}, own);
    run(world.loop, restarted.attempt(false));
    CHECK(mode() == static_cast<fs::perms>(0640));
  }
}

SCENARIO("a state directory that was restored without links and rights is put right without an order") {
  World world;
  world.issue_generation();
  const auto live = world.folder.path() / "state/live/web";
  const auto restored = world.folder.path() / "restored";
  fs::copy(live, restored, fs::copy_options::recursive);
  fs::remove(live);
  fs::rename(restored, live);
  fs::permissions(live / "privkey.pem", static_cast<fs::perms>(0644));
  auto keeper = world.keeper({});
  run(world.loop, keeper.attempt(false));
  CHECK(keeper.troubles().empty());
  CHECK(world.live() == 1);
  CHECK(fs::is_symlink(live));
  THEN("what stood there is kept, closed to others") {
    std::vector<fs::path> aside;
    for (const auto& entry : fs::directory_iterator(live.parent_path())) {
      if (entry.path() != live) aside.push_back(entry.path());
    }
    REQUIRE(aside.size() == 1);
    CHECK_THAT(aside.front().filename().string(), Catch::StartsWith("web.corrupt-"));
    CHECK(fs::status(aside.front()).permissions() == static_cast<fs::perms>(0700));
    CHECK(fs::exists(aside.front() / "privkey.pem"));
  }
}

SCENARIO("a first deployment that failed for want of a neighbour's files is tried again when those are there") {
  World world;
  const auto service = world.folder.path();
  // As nginx does, whose configuration names the files of both.
  const auto target = [&service](const std::string& file) {
    config::Target result;
    result.name = "web";
    result.directory = service;
    result.files = {{config::FileKind::fullchain, file}};
    result.test = {"/bin/sh", "-c",
                   fmt::format("echo t >> {0}/tests; test -s {0}/one.pem && test -s {0}/two.pem", service.string())};
    return result;
  };
  world.issue_generation();
  auto first = world.keeper({target("one.pem")});
  std::vector<std::string> sooner;
  const std::function<void(const std::string&)> when_sooner = [&sooner](const auto& name) { sooner.push_back(name); };
  first.tell_when_sooner(when_sooner);
  auto next = run(world.loop, first.attempt(false));
  for (int i = 0; i < 5; ++i) {  // until it is tried once a day
    REQUIRE(first.troubles().size() == 1);
    world.clock.advance(next - world.clock.now());
    next = run(world.loop, first.attempt(false));
  }
  CHECK(next > world.clock.now() + std::chrono::hours(20));
  CHECK(files::read(service / "one.pem") == world.full_chain(1));
  CHECK(sooner.empty());

  world.clock.advance(std::chrono::hours(1));
  auto neighbour = world.keeper_of("mail", {target("two.pem")});
  run(world.loop, neighbour.attempt(false));
  CHECK(neighbour.troubles().empty());
  CHECK(sooner == std::vector<std::string>{"web"});
  CHECK(first.next(false) <= world.clock.now());
  run(world.loop, first.attempt(false));
  CHECK(first.troubles().empty());
}

SCENARIO("a copy whose mode somebody changed is put right at the next start") {
  World world;
  world.issue_generation();
  const auto copy = world.folder.path() / "copy.pem";
  auto keeper = world.keeper({world.copies()});
  run(world.loop, keeper.attempt(false));
  fs::permissions(copy, static_cast<fs::perms>(0666));
  auto restarted = world.keeper({world.copies()});
  run(world.loop, restarted.attempt(false));
  CHECK(fs::status(copy).permissions() == static_cast<fs::perms>(0640));
}

}  // namespace acmed::keep
