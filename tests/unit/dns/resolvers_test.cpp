// SPDX-License-Identifier: Apache-2.0
#include "dns/resolvers.h"

#include <sys/stat.h>

#include <fstream>
#include <sstream>

#include "tests/unit/catch.h"
#include "tests/unit/providers/log_capture.h"
#include "tests/unit/temporary_folder.h"

using namespace acmed;
using namespace acmed::dns;

namespace {

std::string text_of(const std::vector<Endpoint>& endpoints) {
  std::string text;
  for (const auto& endpoint : endpoints) text += (text.empty() ? "" : " ") + endpoint.text();
  return text;
}

std::vector<Endpoint> named_in(const std::string& text) {
  std::istringstream file(text);
  return read_resolv_conf(file).resolvers;
}

/// A resolv.conf that comes and goes.
struct Scene {
  TemporaryFolder folder;
  std::filesystem::path file = folder.path() / "resolv.conf";

  void write(const std::string& text) const { std::ofstream(file) << text; }
};

}  // namespace

SCENARIO("the resolvers are those of resolv.conf, in its order") {
  const auto* text =
      "# nameserver 192.0.2.9\nsearch example.test\nnameserver 192.0.2.1\nnameserver\t2001:db8::1\n"
      "nameserver fe80::1%lo\nnameserver fe80::1%nowhere0\noptions edns0\n";
  CHECK(text_of(named_in(text)) == "192.0.2.1 2001:db8::1 fe80::1%lo");
}

SCENARIO("without an entry, this host is the resolver") {
  CHECK(text_of(named_in("search example.test\n")) == "127.0.0.1");
}

SCENARIO("it is told why this host is the resolver") {
  Scene scene;
  const test::LogCapture log;
  WHEN("the file names none") {
    scene.write("search example.test\n");
    Resolvers::of_file(scene.file);
    CHECK_THAT(log.text(), Catch::Contains("resolv.conf names no nameserver: the resolver of this host is asked"));
  }
  WHEN("there is no file") {
    Resolvers::of_file(scene.file);
    CHECK_THAT(log.text(), Catch::Contains("resolv.conf is not there: the resolver of this host is asked"));
  }
  WHEN("it names this host, nothing is told") {
    scene.write("nameserver 127.0.0.1\n");
    Resolvers::of_file(scene.file);
    CHECK(log.text().empty());
  }
}

SCENARIO("an entry that cannot be used is not replaced by this host") {
  CHECK(named_in("nameserver fe80::1%nowhere0\n").empty());
}

SCENARIO("resolv.conf is read again when it has changed") {
  Scene scene;
  scene.write("nameserver 192.0.2.1\n");
  auto resolvers = Resolvers::of_file(scene.file);
  CHECK(text_of(resolvers.list()) == "192.0.2.1");
  CHECK_FALSE(resolvers.look());

  WHEN("it is written anew, as long as before") {
    scene.write("nameserver 192.0.2.2\n");
    CHECK(resolvers.look());
    CHECK(text_of(resolvers.list()) == "192.0.2.2");
    CHECK_FALSE(resolvers.look());
  }
  WHEN("another file takes its place, with the same times and length") {
    const auto other = scene.folder.path() / "other";
    std::ofstream(other) << "nameserver 192.0.2.3\n";
    std::filesystem::last_write_time(other, std::filesystem::last_write_time(scene.file));
    std::filesystem::rename(other, scene.file);
    CHECK(resolvers.look());
    CHECK(text_of(resolvers.list()) == "192.0.2.3");
  }
  WHEN("it is a link that leads elsewhere from now on") {
    const auto other = scene.folder.path() / "other";
    std::ofstream(other) << "nameserver 192.0.2.4\n";
    std::filesystem::remove(scene.file);
    std::filesystem::create_symlink(other, scene.file);
    CHECK(resolvers.look());
    CHECK(text_of(resolvers.list()) == "192.0.2.4");
  }
  WHEN("it says the same in other words") {
    scene.write("# by hand\nnameserver 192.0.2.1\n");
    CHECK_FALSE(resolvers.look());
  }
  WHEN("it is empty or away for a while") {
    scene.write("");
    CHECK(resolvers.look());
    CHECK(text_of(resolvers.list()) == "127.0.0.1");
    std::filesystem::remove(scene.file);
    CHECK_FALSE(resolvers.look());
    scene.write("nameserver 192.0.2.1\n");
    CHECK(resolvers.look());
    CHECK(text_of(resolvers.list()) == "192.0.2.1");
  }
}

SCENARIO("a resolv.conf that is not there yet is read as soon as it is") {
  Scene scene;
  auto resolvers = Resolvers::of_file(scene.file);
  CHECK(text_of(resolvers.list()) == "127.0.0.1");
  CHECK_FALSE(resolvers.look());
  scene.write("nameserver 192.0.2.1\n");
  CHECK(resolvers.look());
  CHECK(text_of(resolvers.list()) == "192.0.2.1");
}

SCENARIO("what stands in resolv.conf's place and is no file holds up nobody") {
  Scene scene;
  scene.write("nameserver 192.0.2.1\n");
  auto resolvers = Resolvers::of_file(scene.file);
  std::filesystem::remove(scene.file);
  WHEN("it is a FIFO") {
    REQUIRE(mkfifo(scene.file.c_str(), 0600) == 0);
  }
  WHEN("it is a folder") {
    std::filesystem::create_directory(scene.file);
  }
  CHECK_FALSE(resolvers.look());
  CHECK(text_of(resolvers.list()) == "192.0.2.1");
}

SCENARIO("configured resolvers stay as they are") {
  Resolvers resolvers{Endpoint::parse("192.0.2.1").value()};
  CHECK_FALSE(resolvers.look());
  CHECK(text_of(resolvers.list()) == "192.0.2.1");
}
