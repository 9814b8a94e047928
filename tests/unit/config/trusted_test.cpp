// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include "tests/unit/config/folder.h"

namespace acmed::config {

using Catch::Contains;

SCENARIO("nobody but root and acmed's user decides what acmed reads and runs") {
  if (::geteuid() != 0) return;
  const Folder folder;
  folder.write("conf.d/site.toml", "[[certificate]]\ndomains = [\"www.corp.example\"]\n");
  folder.write("key", "c2VjcmV0IGtleSBvZiAyNCBvY3RldHM=\n");
  folder.write("bin/plugin", "#!/bin/sh\n", 0755);
  const auto text = "include = [\"conf.d/*.toml\"]\n" + basis +
                    "tsig = { name = \"acmed.\", secret = { file = \"key\" } }\n"
                    "[provider.plugin]\ntype = \"exec\"\nzones = [\"plugin.example\"]\ncommand = [\"" +
                    folder.path("bin/plugin").string() + "\"]\n";
  const auto give = [&](const char* name) { REQUIRE(::chown(folder.path(name).c_str(), 1, 1) == 0); };
  const auto open = [&](const char* name, mode_t mode) { REQUIRE(::chmod(folder.path(name).c_str(), mode) == 0); };
  REQUIRE(folder.faults(text) == "none");

  // A sentence may have "***" in place of a part of the folder's path that another test keeps secret.
  const auto expect = [&](const std::string& key, const std::string& fault, const std::string& mend) {
    CHECK_THAT(folder.faults(text), Contains(key) && Contains(fault) && Contains(mend));
  };
  SECTION("the configuration") {
    give("acmed.toml");
    expect("acmed.toml: ", ".toml belongs to the user daemon", "run: chown root ");
  }
  SECTION("an included file") {
    give("conf.d/site.toml");
    expect("acmed.toml:1:12: include: ", "conf.d/site.toml belongs to the user daemon", "run: chown root ");
  }
  SECTION("an included file that all may write") {
    open("conf.d/site.toml", 0666);
    expect("include: ", "conf.d/site.toml (mode 0666)", "run: chmod o-w ");
  }
  SECTION("the folder of included files") {
    open("conf.d", 0777);
    expect("include: ", "conf.d has the mode 0777", "run: chmod o-w ");
  }
  SECTION("a secret") {
    give("key");
    expect("tsig.secret.file: ", "/key belongs to the user daemon", "run: chown root ");
  }
  SECTION("a secret that a group of others may change") {
    REQUIRE(::chown(folder.path("key").c_str(), 0, 1) == 0);
    open("key", 0660);
    expect("tsig.secret.file: ", "every member of the group daemon may write to ", "run: chmod g-w ");
    open("key", 0640);
    CHECK(folder.faults(text) == "none");
  }
  SECTION("a plug-in") {
    give("bin/plugin");
    expect("command: ", "bin/plugin belongs to the user daemon", "run: chown root ");
  }
  SECTION("the folder of a plug-in") {
    give("bin");
    expect("command: ", "bin belongs to that user", "run: chown root ");
  }
}

}  // namespace acmed::config
