// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/config/folder.h"

namespace acmed::config {

SCENARIO("where acmed is asked is configured") {
  const Folder folder;
  const auto config = folder.load(basis + R"(
[control]
socket = "control.sock"
[http]
listen = ["127.0.0.1", "[::1]:9181", "::1", "192.0.2.1:80"]
hosts = ["acmed.corp.example", "Bücher.example"]
)");
  REQUIRE(config.control_socket);
  CHECK(*config.control_socket == folder.path("control.sock"));
  CHECK(config.http_listen == std::vector<std::string>{"127.0.0.1:9180", "[::1]:9181", "[::1]:9180", "192.0.2.1:80"});
  CHECK(config.http_hosts == std::vector<std::string>{"acmed.corp.example", "xn--bcher-kva.example"});
}

SCENARIO("without the tables the socket is where the service manager says, and no port is open") {
  const Folder folder;
  const auto config = folder.load(basis);
  CHECK_FALSE(config.control_socket);
  CHECK(config.http_listen.empty());
}

SCENARIO("faults of where acmed is asked are told with their places") {
  const Folder folder;
  CHECK(folder.faults(basis + "[http]\nlisten = [\"localhost:9180\"]") ==
        "acmed.toml:9:11: http.listen: \"localhost:9180\" is no IP address; give one such as \"127.0.0.1:9180\" or "
        "\"[::1]:9180\"");
  CHECK(folder.faults(basis + "[http]\nlisten = [\"127.0.0.1\", \"127.0.0.1:9180\"]") ==
        "acmed.toml:9:24: http.listen: \"127.0.0.1:9180\" is named twice");
  CHECK_THAT(folder.faults(basis + "[http]\nhosts = [\"a.example\"]"), Catch::Contains("http.listen: is missing"));
  CHECK_THAT(folder.faults(basis + "[http]\nlisten = [\"127.0.0.1\"]\nhosts = [\"a b\"]"),
             Catch::Contains("http.hosts"));
  CHECK_THAT(folder.faults(basis + "[http]\nlistne = [\"127.0.0.1\"]"), Catch::Contains("did you mean listen?"));
  CHECK_THAT(folder.faults(basis + "[control]\nsocket = \"/run/" + std::string(120, 'x') + "\""),
             Catch::Contains("a socket has at most 107"));
  CHECK_THAT(folder.faults(basis + "[control]\nsocket = \"/run/acmed/\""), Catch::Contains("is a folder"));
}

SCENARIO("an included file does not say where acmed is asked") {
  const Folder folder;
  folder.write("more.toml", "[control]\nsocket = \"/run/x\"\n[http]\nlisten = [\"127.0.0.1\"]\n");
  const auto faults = folder.faults("include = [\"more.toml\"]\n" + basis);
  CHECK_THAT(faults, Catch::Contains("control: belongs into the main file"));
  CHECK_THAT(faults, Catch::Contains("http: belongs into the main file"));
}

}  // namespace acmed::config
