// SPDX-License-Identifier: Apache-2.0
#include "daemon/store/generation_files.h"

#include "base/files.h"
#include "base/log.h"
#include "tests/unit/base/test_ca.h"
#include "tests/unit/catch.h"
#include "tests/unit/temporary_folder.h"

namespace acmed::store {
namespace {

namespace fs = std::filesystem;

crypto::PrivateKey make_key() {
  return crypto::PrivateKey::generate(crypto::KeyType::ecdsa_p256);
}

/// A generation's folder. Without meta.json nobody can tell when it was written, so all is looked at.
struct World {
  TemporaryFolder folder;
  test::TestCa ca;
  crypto::PrivateKey key = make_key();
  std::string leaf = ca.issue(key, {{"web.test"}, false, "01", {}}).to_pem();

  World() {
    log::set_level(log::Level::error);
    write("privkey.pem", key.to_pem().reveal());
    write("cert.pem", leaf);
    write("chain.pem", ca.root_pem());
    write("fullchain.pem", leaf + ca.root_pem());
  }
  fs::path path(const std::string& name) const { return folder.path() / name; }
  void write(const std::string& name, const std::string& content) const {
    files::write_durably(path(name), content, 0600);
  }
  std::string read(const std::string& name) const { return files::read(path(name)).value_or("nothing"); }
  std::optional<std::string> fault() const { return fault_of(folder.path().string()); }
};

}  // namespace

SCENARIO("a generation whose files are whole has no fault") {
  const World world;
  CHECK_FALSE(world.fault());
}

SCENARIO("a key that is missing, empty or cut off is a fault") {
  const World world;
  WHEN("it is missing") {
    fs::remove(world.path("privkey.pem"));
    CHECK_THAT(world.fault().value_or(""), Catch::Contains("privkey.pem is missing"));
  }
  WHEN("it is empty") {
    world.write("privkey.pem", "");
    CHECK_THAT(world.fault().value_or(""), Catch::Contains("privkey.pem is empty"));
  }
  WHEN("it is cut off") {
    world.write("privkey.pem", world.key.to_pem().reveal().substr(0, 100));
    CHECK_THAT(world.fault().value_or(""), Catch::Contains("privkey.pem is damaged"));
  }
}

SCENARIO("certificates that follow from others are written again") {
  const World world;
  const auto expect_mended = [&world] {
    CHECK_FALSE(world.fault());
    CHECK(world.read("cert.pem") == world.leaf);
    CHECK(world.read("chain.pem") == world.ca.root_pem());
    CHECK(world.read("fullchain.pem") == world.leaf + world.ca.root_pem());
  };
  for (const std::string name : {"cert.pem", "chain.pem", "fullchain.pem"}) {
    WHEN(name + " is missing") {
      fs::remove(world.path(name));
      expect_mended();
    }
    WHEN(name + " is empty") {
      world.write(name, "");
      expect_mended();
    }
    WHEN(name + " is full of zeros, as after a power cut") {
      world.write(name, std::string(1000, '\0'));
      expect_mended();
    }
  }
  WHEN("the full chain is cut off between two certificates") {
    world.write("fullchain.pem", world.leaf);
    expect_mended();
  }
  WHEN("the folder was lost with all certificates") {
    fs::remove(world.path("cert.pem"));
    fs::remove(world.path("fullchain.pem"));
    CHECK_THAT(world.fault().value_or(""), Catch::Contains("fullchain.pem is missing or damaged"));
  }
}

SCENARIO("what was not changed since the generation was written is not read, unless it is empty or missing") {
  const World world;
  const auto other = world.ca.issue(make_key(), {{"web.test"}, false, "02", {}}).to_pem();
  world.write("cert.pem", other);
  world.write("fullchain.pem", other + world.ca.root_pem());
  world.write("meta.json", "{}");
  CHECK_FALSE(world.fault());
  WHEN("the key is empty") {
    world.write("privkey.pem", "");
    CHECK_THAT(world.fault().value_or(""), Catch::Contains("privkey.pem is empty"));
  }
  WHEN("a certificate is missing") {
    fs::remove(world.path("cert.pem"));
    CHECK_THAT(world.fault().value_or(""), Catch::Contains("do not belong together"));
  }
}

SCENARIO("key and certificate that are no pair are a fault") {
  const World world;
  const auto other = world.ca.issue(make_key(), {{"web.test"}, false, "02", {}}).to_pem();
  CHECK_FALSE(world.fault());
  world.write("cert.pem", other);
  world.write("fullchain.pem", other + world.ca.root_pem());
  CHECK_THAT(world.fault().value_or(""), Catch::Contains("do not belong together"));
}

}  // namespace acmed::store
