// SPDX-License-Identifier: Apache-2.0
#include "daemon/doctor/ca_examination.h"

#include <fmt/format.h>

#include "base/runtime/scope.h"
#include "daemon/store/file_store.h"
#include "tests/unit/base/fake_server.h"
#include "tests/unit/base/test_ca.h"
#include "tests/unit/catch.h"
#include "tests/unit/temporary_folder.h"

namespace acmed::doctor {
namespace {

using Catch::Contains;
using namespace std::chrono_literals;

const Time now(std::chrono::sys_days(std::chrono::year(2026) / 11 / 27) + 12h);
constexpr const char* same_time = "Fri, 27 Nov 2026 12:00:01 GMT";

/// A CA whose clock and directory are what a test wants.
class Scene {
 public:
  explicit Scene(const std::string& date = same_time, const std::string& meta = "{}", int status = 200)
      : key_(crypto::PrivateKey::generate(crypto::KeyType::ecdsa_p256)),
        server_(
            [this, date, meta, status](test::FakeServer::Connection& connection) {
              while (!connection.read_request().empty()) {
                const auto url = server_.url("");
                connection.write(test::answer(
                    fmt::format("{} Told", status), fmt::format("Date: {}\r\n", date),
                    fmt::format(R"({{"newNonce":"{0}/n","newAccount":"{0}/a","newOrder":"{0}/o","meta":{1}}})", url,
                                meta)));
              }
            },
            test_ca_.issue(key_, {.dns_names = {"localhost"}, .for_loopback = true}).to_pem(), key_.to_pem()) {
    ca.name = "lab";
    ca.directory = server_.url("/dir");
    ca.trust_pem = test_ca_.root_pem();
  }

  std::vector<Line> look() { return run(loop, examine_ca(&loop, &ca, profiles, store::StateView(folder.path()))); }

  std::string text() {
    std::string all;
    for (const auto& line : look()) {
      all += fmt::format("{} {}: {} | {}\n", to_text(line.verdict), line.subject, line.sentence, line.mend);
    }
    return all;
  }

  VirtualClock clock{now};
  Loop loop{clock};
  TemporaryFolder folder;
  config::Ca ca;
  std::vector<config::Profile> profiles;  ///< of certificates

 private:
  test::TestCa test_ca_;
  crypto::PrivateKey key_;
  test::FakeServer server_;
};

}  // namespace

SCENARIO("a CA is looked at by one request for its directory") {
  WHEN("all is well") {
    Scene scene;
    const auto text = scene.text();
    CHECK_THAT(text, Contains("ok CA lab: https://") && Contains("ok clock: agrees with that of CA lab") &&
                         Contains("ok account lab: none yet"));
    CHECK_THAT(text, !Contains("warning") && !Contains("wrong"));
  }
  WHEN("the clocks differ") {
    CHECK_THAT(Scene("Fri, 27 Nov 2026 12:01:00 GMT").text(),
               Contains("warning clock: this host's clock is 60 s behind that of CA lab | set it by NTP"));
    CHECK_THAT(Scene("Fri, 27 Nov 2026 11:00:00 GMT").text(),
               Contains("wrong clock: this host's clock is 60 min ahead of that of CA lab"));
    CHECK_THAT(Scene("yesterday").text(), Contains("ok clock: CA lab does not tell the time"));
  }
  WHEN("it makes accounts only for its customers") {
    Scene scene(same_time, R"({"externalAccountRequired":true})");
    CHECK_THAT(scene.text(),
               Contains("wrong CA lab: it makes accounts only for those that have one") && Contains("eab = { kid = "));
    scene.ca.external_account = config::ExternalAccount{"k1", SecretSource(Secret("x"))};
    CHECK_THAT(scene.text(), !Contains("wrong"));
  }
  WHEN("it has not the profile that is wanted") {
    Scene scene(same_time, R"({"profiles":{"classic":"d","shortlived":"e"}})");
    scene.ca.profile = "clasic";
    CHECK_THAT(scene.text(),
               Contains("warning CA lab: it offers no profile clasic | profile = one of classic or shortlived"));
    scene.ca.profile_required = true;
    CHECK_THAT(scene.text(), Contains("wrong CA lab: it offers no profile"));
    scene.ca.profile.reset();
    scene.profiles = {{"classic", true}, {"tlsserver", true}, {"", false}};
    CHECK_THAT(scene.text(), Contains("wrong CA lab: it offers no profile tlsserver | profile = one of classic or "
                                      "shortlived") &&
                                 !Contains("no profile classic"));
  }
  WHEN("it is in trouble, or cannot be reached, or is not trusted") {
    CHECK_THAT(Scene(same_time, "{}", 503).text(), Contains("wrong CA lab: https://") && Contains("status 503"));
    Scene scene;
    scene.ca.trust_pem.clear();
    CHECK_THAT(scene.text(), Contains("wrong CA lab: the certificate of 127.0.0.1") && Contains(" | trust in "));
    scene.ca.directory = "https://127.0.0.1:1/dir";
    CHECK_THAT(scene.text(), Contains("wrong CA lab: cannot connect"));
  }
}

SCENARIO("what is remembered of a CA is told, beside the daemon that works there") {
  Scene scene;
  const store::StateFolder folder(scene.folder.path());  // holds the lock
  store::FileStore store(folder);
  store::Account account;
  account.identity = {scene.ca.directory, "", "ecdsa-p256"};
  account.key_pem = Secret("key");
  account.url = "https://ca.test/account/7";
  run(scene.loop, store.save_account(account));
  run(scene.loop, store.save_ledger({{scene.ca.directory, {.pause = {now, now + 1h}}}}));
  const auto text = scene.text();
  CHECK_THAT(text, Contains("ok account lab: known: https://ca.test/account/7"));
  CHECK_THAT(text, Contains("warning CA lab: it asked to be left alone until 2026-11-27T13:00:00Z"));
}

}  // namespace acmed::doctor
