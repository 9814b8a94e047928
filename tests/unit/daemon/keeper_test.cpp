// SPDX-License-Identifier: Apache-2.0
#include "daemon/keeper.h"

#include <fmt/format.h>

#include <filesystem>

#include "base/files.h"
#include "base/runtime/scope.h"
#include "daemon/store/file_store.h"
#include "tests/unit/catch.h"
#include "tests/unit/daemon/temporary_folder.h"

namespace acmed {
namespace {

namespace fs = std::filesystem;

constexpr const char* directory_url = "https://ca.test/dir";

store::GenerationFiles generation_files(unsigned number) {
  const auto text = std::to_string(number);
  return {Secret("key " + text), "cert " + text, "chain " + text, "full " + text, json::Object{}};
}

/// A store whose disk is full when told.
class FullStore final : public store::FileStore {
 public:
  using FileStore::FileStore;
  Task<> save_certificate(std::string name, store::Certificate certificate) override {
    if (saves_left == 0) throw Retry("file:28", "no space left on device");
    --saves_left;
    co_await FileStore::save_certificate(std::move(name), std::move(certificate));
  }
  int saves_left = 1000;
};

/// A certificate "web" of which `generations` are issued, the last one now, and what keeps it.
struct World {
  TemporaryFolder folder;
  Loop loop;
  FullStore store{folder.path() / "state"};
  issue::Authority authority{loop, store, settings()};
  dns::Discovery discovery{loop, {}};
  issue::ZoneCoordinator zones{loop, {}};
  issue::Services services{loop, store, discovery, zones, {}};
  renew::Ledger ledger{store, loop.clock()};

  static issue::AuthoritySettings settings() {
    issue::AuthoritySettings result;
    result.name = "lab";
    result.directory_url = directory_url;
    return result;
  }

  void issue_generation() {
    auto state = run(loop, store.load_certificate("web"));
    const unsigned next = state.issued ? state.issued->generation + 1 : 1;
    const auto number = run(loop, store.add_generation("web", generation_files(next)));
    const auto now = loop.clock().now();
    state.issued = store::Issued{number,
                                 directory_url,
                                 "ecdsa-p256",
                                 {"web.test"},
                                 fmt::format("{:02x}", number),
                                 now,
                                 now + std::chrono::hours(24 * 90)};
    run(loop, store.save_certificate("web", state));
    run(loop, store.make_live("web", number));
  }

  Keeper keeper(std::vector<config::Target> targets) {
    return {services, ledger,
            Upkeep{{"web", {"web.test"}, crypto::KeyType::ecdsa_p256, &authority, {}}, {}, std::move(targets)}};
  }

  /// A target that reads live/ and whose hook notes what it saw; it fails while the file `broken` is there.
  config::Target reader() const {
    config::Target target;
    target.name = "reader";
    target.post_hook = {"/bin/sh", "-c",
                        fmt::format("echo $ACMED_EVENT $(cat $ACMED_FULLCHAIN) >> {0}/seen; ! test -e {0}/broken",
                                    folder.path().string())};
    return target;
  }

  std::string seen() const { return files::read(folder.path() / "seen").value_or(""); }
  void break_hook(bool broken) const {
    if (broken) files::write_durably(folder.path() / "broken", "", 0600);
    if (!broken) fs::remove(folder.path() / "broken");
  }
  unsigned live() { return run(loop, store.live_generation("web")).value_or(0); }
};

SCENARIO("a generation is deployed once, and not again by a later look or after a restart") {
  World world;
  world.issue_generation();
  auto keeper = world.keeper({world.reader()});
  const auto next = run(world.loop, keeper.attempt(false));
  run(world.loop, keeper.attempt(true));
  auto restarted = world.keeper({world.reader()});
  run(world.loop, restarted.attempt(true));
  CHECK(world.seen() == "deploy full 1\n");
  CHECK(keeper.troubles().empty());
  CHECK(next > world.loop.clock().now() + std::chrono::hours(24 * 50));
}

SCENARIO("a hook that fails for a new generation gets the old one back, and the new one later") {
  World world;
  world.issue_generation();
  auto keeper = world.keeper({world.reader()});
  run(world.loop, keeper.attempt(false));
  world.issue_generation();
  world.break_hook(true);

  auto renewed = world.keeper({world.reader()});
  const auto next = run(world.loop, renewed.attempt(false));
  CHECK(world.seen() == "deploy full 1\ndeploy full 2\nrollback full 1\n");
  CHECK(world.live() == 1);
  REQUIRE(renewed.troubles().size() == 1);
  CHECK_THAT(renewed.troubles().front(), Catch::Contains("target reader"));
  CHECK(next > world.loop.clock().now() + std::chrono::seconds(30));
  CHECK(next < world.loop.clock().now() + std::chrono::minutes(2));

  THEN("it is remembered over a restart: nothing is tried before its time, and the old one stays") {
    auto restarted = world.keeper({world.reader()});
    run(world.loop, restarted.attempt(false));
    CHECK(world.live() == 1);
    CHECK(restarted.troubles().size() == 1);
    CHECK(world.seen() == "deploy full 1\ndeploy full 2\nrollback full 1\n");

    world.break_hook(false);
    run(world.loop, restarted.attempt(true));
    CHECK(world.live() == 2);
    CHECK(restarted.troubles().empty());
    CHECK(world.seen() == "deploy full 1\ndeploy full 2\nrollback full 1\ndeploy full 2\n");
  }
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
  CHECK(world.seen() == "deploy full 1\ndeploy full 2\n");
  CHECK(world.live() == 2);
  CHECK(renewed.troubles().size() == 1);

  world.store.saves_left = 1000;
  const auto next = run(world.loop, renewed.attempt(true));
  CHECK(renewed.troubles().empty());
  CHECK(next > world.loop.clock().now() + std::chrono::hours(24));
  CHECK(world.seen() == "deploy full 1\ndeploy full 2\n");
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

SCENARIO("one target's trouble delays no other target") {
  World world;
  world.issue_generation();
  world.break_hook(true);
  config::Target copies;
  copies.name = "copies";
  copies.directory = world.folder.path();
  copies.files = {{config::FileKind::fullchain, "copy.pem"}};
  auto keeper = world.keeper({world.reader(), copies});
  run(world.loop, keeper.attempt(false));
  CHECK(keeper.troubles().size() == 1);
  CHECK(files::read(world.folder.path() / "copy.pem") == "full 1");
}

SCENARIO("a target whose configuration changes is deployed anew") {
  World world;
  world.issue_generation();
  config::Target copies;
  copies.name = "copies";
  copies.directory = world.folder.path();
  copies.files = {{config::FileKind::fullchain, "copy.pem"}};
  auto keeper = world.keeper({copies});
  run(world.loop, keeper.attempt(false));
  copies.files = {{config::FileKind::fullchain, "other.pem"}};
  auto changed = world.keeper({copies});
  run(world.loop, changed.attempt(false));
  CHECK(files::read(world.folder.path() / "other.pem") == "full 1");
}

SCENARIO("after a crash between the state and the link, the link follows") {
  World world;
  world.issue_generation();
  world.issue_generation();
  run(world.loop, world.store.make_live("web", 1));
  auto keeper = world.keeper({});
  run(world.loop, keeper.attempt(false));
  CHECK(world.live() == 2);
}

}  // namespace
}  // namespace acmed
