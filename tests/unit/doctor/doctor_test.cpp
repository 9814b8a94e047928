// SPDX-License-Identifier: Apache-2.0
#include "daemon/doctor/doctor.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <fstream>

#include "base/runtime/scope.h"
#include "config/load.h"
#include "tests/unit/catch.h"
#include "tests/unit/daemon/state_directory.h"
#include "tests/unit/dns/fake_name_server.h"
#include "tests/unit/providers/rfc2136/fake_primary.h"
#include "tests/unit/temporary_folder.h"

namespace acmed::doctor {
namespace {

using Catch::Contains;
using dns::Type;

const dns::Name example("example.test");
const dns::Name challenge("_acme-challenge.example.test");

std::string text_of(const std::vector<Line>& lines) {
  std::string all;
  for (const auto& line : lines) {
    all += fmt::format("{} {}: {} | {}\n", to_text(line.verdict), line.subject, line.sentence, line.mend);
  }
  return all;
}

/// example.test at a primary, as the configuration's file names it.
class Scene {
 public:
  Scene() {
    for (const std::string name : {"test", "example.test", "ns1.example.test", "ns.test"}) {
      resolver.say(name, Type::soa,
                   {.authority = {dns::fake::soa(name.ends_with("example.test") ? "example.test" : "test")}});
      for (const auto type : {Type::a, Type::aaaa, Type::ns, Type{257}}) resolver.say(name, type, {.answer = {}});
    }
    resolver.say("example.test", Type::ns, {.answer = {dns::fake::ns("example.test", "ns1.example.test")}});
    resolver.say("ns1.example.test", Type::a, {.answer = {dns::fake::address("ns1.example.test", "127.0.1.1")}});
    resolver.say("test", Type::ns, {.answer = {dns::fake::ns("test", "ns.test")}});
    resolver.say("ns.test", Type::a, {.answer = {dns::fake::address("ns.test", "127.0.1.4")}});
    parent.say("example.test", Type::ns,
               {.authoritative = false, .authority = {dns::fake::ns("example.test", "ns1.example.test")}});
  }

  std::filesystem::path write(const std::string& more = "") {
    const auto file = folder.path() / "acmed.toml";
    std::ofstream(file) << fmt::format(R"(
state_directory = "{}"
[ca.lab]
directory = "https://127.0.0.1:1/dir"
terms_agreed = true
[propagation]
resolvers = ["{}"]
[provider.bind]
type = "rfc2136"
server = "{}"
zones = ["example.test"]
[[certificate]]
name = "web"
domains = ["example.test", "*.example.test"]
{}
)",
                                       (folder.path() / "state").string(), resolver.endpoint().text(),
                                       primary.endpoint().text(), more);
    ::chmod(file.c_str(), 0600);
    return file;
  }

  std::string look(Question question = {}, const std::string& more = "") {
    Surroundings surroundings;
    surroundings.host_facts = [] {
      HostFacts facts;
      facts.knows_unit = [](const std::string&) { return std::optional(true); };
      return facts;
    };
    surroundings.dns_port = dns::fake::port();
    return text_of(run(loop, examine(&loop, write(more), std::move(question), surroundings)));
  }

  VirtualClock clock{Time(std::chrono::sys_days(std::chrono::year(2026) / 11 / 27))};
  Loop loop{clock};
  dns::fake::NameServer resolver{loop, "127.0.1.7"};
  dns::fake::NameServer parent{loop, "127.0.1.4"};
  providers::FakePrimary primary{loop, "127.0.1.1", example, std::nullopt};
  TemporaryFolder folder;
};

}  // namespace

SCENARIO("the doctor looks at everything, and changes nothing") {
  Scene scene;
  const auto text = scene.look();
  CHECK_THAT(text, Contains("ok configuration: ") && Contains("acmed.toml, 1 certificate |"));
  CHECK_THAT(text, Contains("ok host: nothing is deployed"));
  CHECK_THAT(text, Contains("wrong CA lab: cannot connect"));
  CHECK_THAT(text, Contains("warning web: nothing is in service"));
  CHECK_THAT(text, Contains("ok DNS example.test: _acme-challenge.example.test is in the zone example.test"));
  CHECK_THAT(text, Contains("ok CAA example.test: no CAA record"));
  CHECK(scene.primary.updates == 0);
  CHECK_FALSE(std::filesystem::exists(scene.folder.path() / "state"));
}

SCENARIO("on request the doctor tries an update") {
  Scene scene;
  WHEN("it is taken") {
    const auto text = scene.look({"web", true});
    CHECK_THAT(text, Contains("ok update example.test: provider bind added a test value at "
                              "_acme-challenge.example.test and removed it"));
    CHECK(scene.primary.updates == 2);  // the wildcard has the same challenge name
    CHECK(scene.primary.values[challenge].empty());
  }
  WHEN("a value of somebody else is there") {
    scene.primary.values[challenge] = {"foreign"};
    scene.look({"web", true});
    CHECK(scene.primary.values[challenge] == std::set<std::string>{"foreign"});
  }
  WHEN("the server refuses it") {
    scene.primary.denied.insert(challenge);
    const auto text = scene.look({"web", true});
    CHECK_THAT(text, Contains("wrong update example.test: ") && Contains("| allow the key to change the TXT record"));
    CHECK_THAT(text, !Contains("may be left"));
  }
  WHEN("the answers are lost") {
    scene.primary.deaf_for = 1000;
    CHECK_THAT(scene.look({"web", true}), Contains("wrong update example.test: the test value ") &&
                                              Contains("may be left at _acme-challenge.example.test"));
  }
}

SCENARIO("a mend names the table of the provider that the failure is about") {
  Scene scene;
  const auto remember = [&scene](const std::string& sentence) {
    store::StateDirectory state(scene.folder.path() / "state");
    store::Trouble trouble;
    trouble.cause = "tsig:BADKEY";
    trouble.sentence = sentence;
    store::Certificate remembered;
    remembered.trouble = trouble;
    run(scene.loop, state.store.save_certificate("web", remembered));
  };
  const std::string other = "[provider.other]\ntype = \"rfc2136\"\nserver = \"192.0.2.1\"\nzones = [\"other.test\"]\n";
  WHEN("the sentence names it") {
    remember("provider lost, then provider other: the server does not know key k");
    CHECK_THAT(scene.look({}, other), Contains("| tsig in [provider.other]: its name"));
  }
  WHEN("there is but one") {
    remember("the server does not know key k");
    CHECK_THAT(scene.look(), Contains("| tsig in [provider.bind]: its name"));
  }
  WHEN("it cannot be told") {
    remember("the server does not know key k");
    CHECK_THAT(scene.look({}, other), Contains("| tsig in [provider.NAME]: its name"));
  }
}

SCENARIO("what is wrong with the configuration is told, with its line") {
  Scene scene;
  const auto text = scene.look({}, "[nothing]\n");
  CHECK_THAT(text, Contains("wrong configuration: ") && Contains("acmed.toml:15:") && Contains("nothing"));
  CHECK_THAT(text, !Contains("DNS"));
  CHECK_THAT(scene.look({"wbe", false}),
             Contains("wrong configuration: no certificate is named \"wbe\"; did you mean web?"));
}

SCENARIO("what a target needs of this host is told with its mend") {
  Scene scene;
  const auto text = scene.look({}, "[[certificate.deploy]]\nname = \"nginx\"\ndirectory = \"/srv/no/such/folder\"\n");
  CHECK_THAT(text, Contains("warning host: certificate web, target nginx: directory: there is no folder "
                            "/srv/no/such/folder | type: sudo install -d"));
}

}  // namespace acmed::doctor
