// SPDX-License-Identifier: Apache-2.0
#include "daemon/doctor/certificate_examination.h"

#include <fmt/format.h>

#include <fstream>

#include "base/runtime/scope.h"
#include "tests/unit/base/fake_server.h"
#include "tests/unit/base/test_ca.h"
#include "tests/unit/catch.h"
#include "tests/unit/daemon/state_directory.h"
#include "tests/unit/temporary_folder.h"

namespace acmed::doctor {
namespace {

using Catch::Contains;
using namespace std::chrono_literals;

const Time now(std::chrono::sys_days(std::chrono::year(2026) / 11 / 27));
constexpr std::chrono::sys_days last_day = std::chrono::year(2027) / 1 / 6;

void nothing(test::FakeServer::Connection&) {}

/// A certificate whose first generation is in service, and one target that has it.
class Scene {
 public:
  Scene() : state(folder.path() / "state") {
    certificate.name = "web";
    certificate.domains = {"www.example.test", "example.test"};
    certificate.ca = "lab";
    certificate.deploy.emplace_back().name = "nginx";
    pair = make_pair({"example.test", "www.example.test"});
    const auto number = state.add(loop, "web", pair, {.certificate = "web", .serial = "0a01"});
    state.publish(loop, "web", number);
    remembered.issued = store::Issued{
        number, "", "ecdsa-p256", certificate.domains, "0a01", now - 50 * 24h, Time(last_day), now - 50 * 24h};
    remembered.deployments["nginx"] = {number, number, "", {}, Time(last_day), number};
    save();
  }

  store::GenerationFiles make_pair(std::vector<std::string> names) {
    const auto key = crypto::PrivateKey::generate(crypto::KeyType::ecdsa_p256);
    store::GenerationFiles files;
    files.private_key = key.to_pem();
    test::CertificateFacts facts;
    facts.dns_names = std::move(names);
    facts.serial = "0a01";
    facts.not_after = last_day;
    files.certificate = ca.issue(key, facts).to_pem();
    files.chain = ca.root_pem();
    files.full_chain = files.certificate + files.chain;
    return files;
  }

  void save() { remembered.revision = run(loop, state.store.save_certificate("web", remembered)); }

  std::string text() { return text_on(loop); }
  std::string text_on(Loop& its) {
    std::string all;
    for (const auto& line : run(its, examine_certificate(&its, &certificate, store::StateView(state.folder.path())))) {
      all += fmt::format("{} {}: {} | {}\n", to_text(line.verdict), line.subject, line.sentence, line.mend);
    }
    return all;
  }
  std::filesystem::path live(const std::string& file) { return state.folder.path() / "live" / "web" / file; }
  void write(const std::string& file, const std::string& content) {
    std::filesystem::remove(live(file));
    std::ofstream(live(file)) << content;
  }

  VirtualClock clock{now};
  Loop loop{clock};
  test::TestCa ca;
  TemporaryFolder folder;
  store::StateDirectory state;
  config::Certificate certificate;
  store::GenerationFiles pair;
  store::Certificate remembered;
};

}  // namespace

SCENARIO("what is in service is looked at, not only remembered") {
  Scene scene;
  WHEN("all is well") {
    CHECK(scene.text() ==
          "ok web: generation 1, serial 0a01, ends in 40 d | \n"
          "ok web: nginx: has generation 1 | \n");
  }
  WHEN("the key is another one's") {
    scene.write("privkey.pem", scene.make_pair({"x.test"}).private_key.reveal());
    CHECK_THAT(scene.text(), Contains("wrong web: the key in") && Contains("is not the certificate's | restart acmed"));
  }
  WHEN("a file is empty, or gone, or another one's") {
    scene.write("privkey.pem", "");
    CHECK_THAT(scene.text(), Contains("wrong web: ") && Contains("privkey.pem is missing or empty"));
    scene.write("privkey.pem", scene.pair.private_key.reveal());
    std::filesystem::remove(scene.live("fullchain.pem"));
    CHECK_THAT(scene.text(), Contains("wrong web: ") && Contains("fullchain.pem is missing or empty"));
    scene.write("fullchain.pem", scene.make_pair({"example.test", "www.example.test"}).full_chain);
    CHECK_THAT(scene.text(), Contains("wrong web: ") && Contains("begins with another certificate"));
    scene.write("cert.pem", "rubbish");
    CHECK_THAT(scene.text(), Contains("wrong web: "));
  }
  WHEN("it has ended") {
    scene.clock.advance(41 * 24h);
    CHECK_THAT(scene.text(), Contains("wrong web: generation 1, serial 0a01, ended 24 h ago | acmectl renew web"));
  }
  WHEN("it should have been renewed by now") {
    scene.clock.advance(30 * 24h);
    CHECK_THAT(scene.text(), Contains("warning web: its renewal is due | acmectl renew web"));
  }
  WHEN("the configuration has other names") {
    scene.certificate.domains.push_back("mail.example.test");
    CHECK_THAT(scene.text(), Contains("warning web: generation 1") && Contains("for other names"));
  }
  WHEN("nothing was issued yet") {
    std::filesystem::remove(scene.state.folder.path() / "live" / "web");
    CHECK_THAT(scene.text(), Contains("warning web: nothing is in service in"));
  }
}

SCENARIO("failures that last are told, each with its next try") {
  Scene scene;
  store::Trouble trouble;
  trouble.failures = 3;
  trouble.cause = "tsig:BADKEY";
  trouble.sentence = "ns1 does not know the key";
  trouble.since = now - 3h;
  trouble.next_try = now + 22min;
  WHEN("it was not issued") {
    scene.remembered.trouble = trouble;
    scene.save();
    CHECK_THAT(scene.text(), Contains("wrong web: not issued since 3 h: ns1 does not know the key (3 tries, next try "
                                      "in 22 min) | tsig in [provider.NAME]"));
  }
  WHEN("a target did not take it") {
    scene.remembered.deployments["nginx"].trouble = trouble;
    scene.save();
    CHECK_THAT(scene.text(),
               Contains("wrong web: nginx: not deployed since 3 h: ") && Contains("| acmectl deploy web nginx"));
  }
  WHEN("a target has an earlier one") {
    scene.remembered.deployments["nginx"].served = 0;
    scene.save();
    CHECK_THAT(scene.text(), Contains("warning web: nginx: has not got generation 1 yet | acmectl deploy web nginx"));
  }
}

SCENARIO("a service is asked what it serves now") {
  Scene scene;
  const auto serve = [&](const store::GenerationFiles& files) {
    const test::FakeServer server(nothing, files.full_chain, files.private_key);
    scene.certificate.deploy[0].verify =
        config::Verify{"127.0.0.1", std::to_string(server.port()), "www.example.test", config::Verify::StartTls::none};
    Loop real;  // the network's time is no virtual one
    return scene.text_on(real);
  };
  WHEN("it serves what is live") {
    CHECK_THAT(serve(scene.pair), Contains("ok web: nginx: 127.0.0.1:") && Contains("serves what is live"));
  }
  WHEN("it goes on with another one") {
    CHECK_THAT(serve(scene.make_pair({"www.example.test"})),
               Contains("wrong web: nginx: 127.0.0.1:") && Contains("does not serve what is live, serial 0a01") &&
                   Contains("it presents the one with serial 0a01") && Contains("| acmectl deploy web nginx"));
  }
}

}  // namespace acmed::doctor
