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

  SECTION("the configuration") {
    give("acmed.toml");
    CHECK_THAT(folder.faults(text),
               Contains("acmed.toml belongs to the user daemon") && Contains("run: chown root acmed.toml"));
  }
  SECTION("an included file") {
    give("conf.d/site.toml");
    CHECK_THAT(folder.faults(text), Contains("acmed.toml:1:12: include: conf.d/site.toml belongs to the user daemon"));
  }
  SECTION("an included file that all may write") {
    open("conf.d/site.toml", 0666);
    CHECK_THAT(folder.faults(text), Contains("every user of this host may write to conf.d/site.toml") &&
                                        Contains("chmod o-w conf.d/site.toml"));
  }
  SECTION("the folder of included files") {
    open("conf.d", 0777);
    CHECK_THAT(folder.faults(text), Contains("in the place of conf.d/site.toml") && Contains("chmod o-w conf.d"));
  }
  SECTION("a secret") {
    give("key");
    CHECK_THAT(folder.faults(text),
               Contains("tsig.secret.file: key belongs to the user daemon") && Contains("run: chown root key"));
  }
  SECTION("a secret that a group of others may change") {
    REQUIRE(::chown(folder.path("key").c_str(), 0, 1) == 0);
    open("key", 0660);
    CHECK_THAT(folder.faults(text), Contains("every member of the group daemon may write to key"));
    open("key", 0640);
    CHECK(folder.faults(text) == "none");
  }
  SECTION("a plug-in") {
    give("bin/plugin");
    CHECK_THAT(folder.faults(text), Contains("command: bin/plugin belongs to the user daemon"));
  }
  SECTION("the folder of a plug-in") {
    give("bin");
    CHECK_THAT(folder.faults(text), Contains("the user daemon can put something else in the place of bin/plugin"));
  }
}

}  // namespace acmed::config
