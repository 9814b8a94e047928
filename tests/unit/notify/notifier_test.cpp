// SPDX-License-Identifier: Apache-2.0
#include "daemon/notify/notifier.h"

#include <fstream>
#include <sstream>

#include "base/runtime/scope.h"
#include "tests/unit/catch.h"
#include "tests/unit/daemon/state_directory.h"
#include "tests/unit/notify/scene.h"
#include "tests/unit/temporary_folder.h"

namespace acmed::notify {
namespace {

using namespace std::chrono_literals;

struct Scene {
  TemporaryFolder folder;
  store::StateDirectory directory{folder.path() / "state"};
  Loop loop;
  test::FakeCertificates certificates;
  std::string heard = (folder.path() / "heard").string();
  Time now = loop.clock().now();
  std::unique_ptr<Notifier> notifier;

  Scene() { restart(); }

  /// Another process takes over.
  void restart(const std::string& script = "echo \"$ACMED_EVENT $ACMED_CERTIFICATES\" >>\"$1\"; cat >/dev/null") {
    notifier = std::make_unique<Notifier>(loop, directory.store);
    config::Notify notify;
    notify.on_failure = {"sh", "-c", script, "sh", heard};
    notify.on_success = notify.on_failure;
    notifier->use(notify, &certificates);
  }
  void tell() { run(loop, notifier->tell()); }
  std::string words() const {
    std::ifstream file(heard);
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
  }
};

TEST_CASE("a program hears of a trouble and of its end, once each, also over a restart") {
  Scene scene;
  scene.certificates.fail("web", "issue", scene.now - 2h, "the key is not known");
  scene.tell();
  scene.tell();
  CHECK(scene.words() == "failing web\n");
  scene.restart();
  scene.tell();
  CHECK(scene.words() == "failing web\n");
  scene.certificates.all.clear();
  scene.tell();
  scene.restart();
  scene.tell();
  CHECK(scene.words() == "failing web\nrecovered web\n");
}

TEST_CASE("what happened together is told together") {
  Scene scene;
  scene.certificates.fail("web", "issue", scene.now - 2h, "the key is not known");
  scene.certificates.fail("mail", "issue", scene.now - 2h, "the key is not known");
  scene.tell();
  CHECK(scene.words() == "failing web mail\n");
}

TEST_CASE("a program that fails is told again") {
  Scene scene;
  scene.restart("exit 3");
  scene.certificates.fail("web", "issue", scene.now - 2h, "the key is not known");
  scene.tell();
  scene.restart();
  scene.tell();
  CHECK(scene.words() == "failing web\n");
}

TEST_CASE("a renewal is told once every target has it") {
  Scene scene;
  store::Issued issued;
  issued.not_after = scene.now + 90 * 24h;
  scene.notifier->issued("web", "lab", issued);
  scene.certificates.others["web"] = Watched::Condition::unknown;
  scene.tell();
  CHECK(scene.words().empty());
  scene.certificates.others["web"] = Watched::Condition::well;
  scene.tell();
  scene.tell();
  CHECK(scene.words() == "renewed web\n");
}

TEST_CASE("a revocation by the CA is told though another certificate is in service by then, and once only") {
  Scene scene;
  scene.notifier->revoked("web", "lab", test::FakeCertificates::revocation(scene.now, true));
  scene.notifier->revoked("mail", "lab", test::FakeCertificates::revocation(scene.now, false));
  scene.tell();
  scene.tell();
  CHECK(scene.words() == "revoked web\nrecovered web\n");
  scene.certificates.revoke("other", scene.now, true);
  scene.notifier->revoked("other", "lab", test::FakeCertificates::revocation(scene.now, true));
  scene.tell();
  scene.restart();
  scene.tell();
  CHECK(scene.words() == "revoked web\nrecovered web\nrevoked other\n");
}

TEST_CASE("nobody is told while the configuration is being replaced") {
  Scene scene;
  scene.certificates.fail("web", "issue", scene.now - 2h, "the key is not known");
  scene.tell();
  scene.certificates.all.clear();
  scene.notifier->forget_watched();
  scene.tell();
  CHECK(scene.words() == "failing web\n");
}

}  // namespace
}  // namespace acmed::notify
