// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "tests/unit/config/folder.h"

namespace acmed::config {
namespace {

using Catch::Contains;
using namespace std::chrono_literals;

std::string provider(const std::string& type, const std::string& lines) {
  return fmt::format("[provider.x]\ntype = \"{}\"\nzones = [\"corp.example\"]\n{}", type, lines);
}

template <class Settings>
Settings settings_of(const Folder& folder, const std::string& type, const std::string& lines) {
  return std::get<Settings>(folder.load(provider(type, lines)).providers.at(0).settings);
}

}  // namespace

SCENARIO("a provider that is a program is read") {
  const Folder folder;
  folder.write("token", "t0ken\n");
  folder.write("program", "#!/bin/sh\n", 0755);
  const auto command = "command = [\"" + folder.path("program").string() + "\", \"an argument\"]\n";
  const auto program = settings_of<Exec>(folder, "exec", command + R"(timeout = "5m"
environment = { API_URL = "https://x", EMPTY = "", API_TOKEN = { file = "token" }, OLD_KEY = "k" })")
                           .program;
  CHECK(program.command == std::vector<std::string>{folder.path("program"), "an argument"});
  CHECK(program.timeout == 5min);
  REQUIRE(program.environment.size() == 4);
  CHECK(program.environment[0].name == "API_URL");
  CHECK(program.environment[0].value.latest().reveal() == "https://x");
  CHECK_FALSE(program.environment[0].hidden);
  CHECK(program.environment[1].value.empty());
  CHECK(program.environment[2].value.latest().reveal() == "t0ken");
  CHECK(program.environment[2].hidden);
  CHECK(program.environment[3].hidden);

  CHECK(folder.load(provider("exec", command)).providers[0].place == folder.path("program"));
  CHECK(settings_of<LegoExec>(folder, "lego-exec", command).mode == LegoMode::finished);
  CHECK(settings_of<LegoExec>(folder, "lego-exec", command).program.timeout == 60s);
  CHECK(settings_of<LegoExec>(folder, "lego-exec", command + "mode = \"raw\"").mode == LegoMode::raw);
  CHECK(settings_of<Exec>(folder, "exec", "command = [\"sh\"]").program.command.front() == "sh");
}

SCENARIO("a program that could not be started, or could be anybody's, is refused at once") {
  const Folder folder;
  folder.write("plain", "x", 0644);
  folder.write("open", "#!/bin/sh\n", 0777);
  const auto path = [&](const char* name) { return folder.path(name).string(); };
  for (const auto& [command, expected] : std::vector<std::pair<std::string, std::string>>{
           {"", "acmed.toml:1:11: provider.x.command: is missing: the program and its arguments"},
           {"command = []", "acmed.toml:4:11: provider.x.command: a list was found, a program and its arguments"},
           {"command = \"x\"", "acmed.toml:4:11: provider.x.command: \"x\" was found"},
           {"command = [\"./x\"]",
            "acmed.toml:4:12: provider.x.command: \"./x\" was found; the program is an absolute"},
           {"command = [\"/no/such\"]", "acmed.toml:4:12: provider.x.command: there is no file /no/such"},
           {"command = [\"no-such\"]", "provider.x.command: there is no program no-such in /usr/local/sbin"},
           {"command = [\"" + path("plain") + "\"]", "chmod +x plain"},
           {"command = [\"" + path("open") + "\"]", "every user of this host may write to open (mode 0777)"}}) {
    INFO(command);
    for (const auto* type : {"exec", "lego-exec"}) {
      const auto faults = folder.faults(provider(type, command));
      CHECK_THAT(faults, Contains(expected));
      CHECK(faults.find('\n') == std::string::npos);
    }
  }
}

SCENARIO("faults of a program's environment") {
  const Folder folder;
  for (const auto& [environment, expected] : std::vector<std::pair<std::string, std::string>>{
           {"\"A=b\"", "provider.x.environment: a string was found, a table is wanted"},
           {"{ \"A B\" = \"c\" }", "provider.x.environment.A B: this is no name of a variable"},
           {"{ PATH = \"/bin\" }", "provider.x.environment.PATH: a program's PATH is always /usr/local/sbin"},
           {"{ A = 1 }", "provider.x.environment.A: an integer was found, \"text\", { file = "},
           {"{ A = { fil = \"x\" } }", "provider.x.environment.A.fil: there is no such key; did you mean file?"},
           {"{ A = { file = \"none\" } }", "provider.x.environment.A.file: there is no such file"},
           {"{ A = \"b\\u0000\" }", "provider.x.environment.A: the string holds a NUL character"},
           {"{ TOKEN = \"\" }", "provider.x.environment.TOKEN: the secret is empty"}}) {
    INFO(environment);
    const auto faults = folder.faults(provider("exec", "command = [\"sh\"]\nenvironment = " + environment));
    CHECK_THAT(faults, Contains(expected));
    CHECK(faults.find('\n') == std::string::npos);
  }
}

SCENARIO("what the name of a variable tells to be a secret must not stand in a file that is open to everybody") {
  const Folder folder;
  const auto with = [&](const std::string& environment) {
    folder.write("conf.toml", provider("exec", "command = [\"sh\"]\nenvironment = " + environment), 0644);
    return folder.faults("include = [\"conf.toml\"]\n");
  };
  CHECK_THAT(with("{ Api_Password = \"s3cret\" }"),
             Contains("provider.x.environment.Api_Password: the secret stands in a file that is open"));
  CHECK_THAT(with("{ Api_Password = \"s3cret\" }"), !Contains("s3cret"));
  CHECK(with("{ API_URL = \"https://x\" }") == "none");
}

SCENARIO("a provider that is an endpoint of lego's is read") {
  const Folder folder;
  auto settings = settings_of<LegoHttpreq>(folder, "lego-httpreq", "endpoint = \"http://127.0.0.1:8080/dns//\"");
  CHECK(settings.endpoint == "http://127.0.0.1:8080/dns");
  CHECK(settings.mode == LegoMode::finished);
  CHECK(settings.username.empty());
  CHECK(settings.timeout == 30s);
  settings = settings_of<LegoHttpreq>(folder, "lego-httpreq",
                                      "endpoint = \"https://x.example/a@b\"\nmode = \"raw\"\nusername = \"u\"\n"
                                      "password = \"p:w\"\ntimeout = \"2m\"");
  CHECK(settings.endpoint == "https://x.example/a@b");
  CHECK(settings.mode == LegoMode::raw);
  CHECK(settings.username == "u");
  CHECK(settings.password.latest().reveal() == "p:w");
  CHECK(settings.timeout == 2min);
}

SCENARIO("faults of an endpoint of lego's") {
  const Folder folder;
  const std::string good = "endpoint = \"https://x.example\"\n";
  for (const auto& [lines, expected] : std::vector<std::pair<std::string, std::string>>{
           {"", "provider.x.endpoint: is missing: the URL before /present and /cleanup"},
           {"endpoint = \"x.example\"", "provider.x.endpoint: \"x.example\" was found, a URL is wanted"},
           {"endpoint = \"https://x.example/?a=b\"", "has a query"},
           {"endpoint = \"https://u:hush@x.example/\"", "the URL holds a user"},
           {"endpoint = \"u:hush@x.example\"", "the URL holds a user"},
           {good + "mode = \"RAW\"", "provider.x.mode: \"RAW\" is not one of default or raw"},
           {good + "username = \"u\"", "provider.x.password: is missing; it goes with username"},
           {good + "password = \"hush\"", "provider.x.username: is missing; it goes with password"},
           {good + "username = \"u:hush\"\npassword = \"x\"", "provider.x.username: a user's name has no \":\""},
           {good + "trust = \"none\"", "provider.x.trust: there is no file none"},
           {good + "timeout = \"1ms\"", "provider.x.timeout: \"1ms\" was found, 1.0 s to 60 min are allowed"},
           {good + "environment = {}", "provider.x.environment: there is no such key"}}) {
    INFO(lines);
    const auto faults = folder.faults(provider("lego-httpreq", lines));
    CHECK_THAT(faults, Contains(expected));
    CHECK(faults.find('\n') == std::string::npos);
    CHECK(faults.find("hush") == std::string::npos);
  }
}

}  // namespace acmed::config
