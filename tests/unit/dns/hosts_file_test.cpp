// SPDX-License-Identifier: Apache-2.0
#include "dns/hosts_file.h"

#include <fstream>

#include "tests/unit/catch.h"
#include "tests/unit/temporary_folder.h"

using namespace acmed::dns;

SCENARIO("a host is found among the names of hosts(5)") {
  const acmed::TemporaryFolder folder;
  const auto file = folder.path() / "hosts";
  std::ofstream(file) << "127.0.0.1 localhost\n# 192.0.2.1 gone.example.test\n"
                         "192.0.2.2\tNS1.example.test ns1  # 192.0.2.3 late.example.test\n";
  CHECK(is_in_hosts_file(Name("ns1.example.test"), file));
  CHECK(is_in_hosts_file(Name("ns1"), file));
  CHECK_FALSE(is_in_hosts_file(Name("gone.example.test"), file));
  CHECK_FALSE(is_in_hosts_file(Name("late.example.test"), file));
  CHECK_FALSE(is_in_hosts_file(Name("ns2.example.test"), file));
  CHECK_FALSE(is_in_hosts_file(Name("ns1"), folder.path() / "none"));
}
