// SPDX-License-Identifier: Apache-2.0
#include "daemon/acmectl/offline.h"

#include "base/runtime/scope.h"
#include "daemon/acmectl/render.h"
#include "tests/unit/catch.h"
#include "tests/unit/daemon/state_directory.h"
#include "tests/unit/temporary_folder.h"

namespace acmed::acmectl {
namespace {

using namespace std::chrono_literals;

const Time now(std::chrono::sys_days(std::chrono::year(2026) / 11 / 27));

struct Scene {
  TemporaryFolder folder;
  VirtualClock clock{now};
  Loop loop{clock};
  store::StateDirectory state{folder.path() / "state"};
  config::Certificate certificate;
  store::Certificate remembered;

  Scene() {
    certificate.name = "web";
    certificate.domains = {"example.test"};
    certificate.ca = "lab";
    certificate.deploy.emplace_back().name = "nginx";
  }
  void issue(Time end) {
    remembered.issued = store::Issued{2, "", "ecdsa-p256", {"example.test"}, "0a", now - 30 * 24h, end, now - 30 * 24h};
  }
  json::Value look() {
    remembered.revision = run(loop, state.store.save_certificate("web", remembered));
    return describe(certificate, store::StateView(state.folder.path()), now);
  }
};

store::Trouble trouble() {
  store::Trouble trouble;
  trouble.failures = 2;
  trouble.sentence = "no";
  trouble.cause = "dns:timeout";
  return trouble;
}

}  // namespace

SCENARIO("without a daemon the state directory tells how a certificate stands") {
  Scene scene;
  WHEN("there is none yet") {
    CHECK(scene.look()["state"].text_or() == "missing");
    CHECK(describe(scene.certificate, store::StateView("/nowhere"), now).at("state").text_or() == "missing");
  }
  WHEN("it could not be had") {
    scene.remembered.trouble = trouble();
    const auto value = scene.look();
    CHECK(value["state"].text_or() == "failing");
    CHECK(value["trouble"]["sentence"].text_or() == "no");
    CHECK(is_failing(value));
  }
  WHEN("it is there, and the target has it") {
    scene.issue(now + 60 * 24h);
    scene.remembered.deployments["nginx"].served = 2;
    const auto value = scene.look();
    CHECK(value["state"].text_or() == "valid");
    CHECK(value["live"]["days_left"].integer_or(0) == 60);
    CHECK(value["live"]["generation"].integer_or(0) == 2);
    CHECK(value["targets"].elements().at(0)["in_step"].bool_or(false));
    CHECK(value["next"]["at"].text_or() > "2026-12-20");
  }
  WHEN("its CA has suggested when to renew it") {
    scene.issue(now + 60 * 24h);
    scene.remembered.renewal = store::RenewalPlan{"id", now + 24h, now + 48h, now + 30h};
    const auto window = scene.look()["suggested_window"];
    CHECK(window["start"].text_or() == "2026-11-28T00:00:00Z");
    CHECK(window["end"].text_or() == "2026-11-29T00:00:00Z");
    CHECK(window["explanation_url"].is_null());
  }
  WHEN("a target did not take it") {
    scene.issue(now + 60 * 24h);
    scene.remembered.deployments["nginx"].trouble = trouble();
    const auto value = scene.look();
    CHECK(value["state"].text_or() == "failing");
    CHECK(value["trouble"]["what"].text_or() == "deploy:nginx");
    CHECK_FALSE(value["targets"].elements().at(0)["in_step"].bool_or(true));
  }
  WHEN("it should be renewed, or has ended") {
    scene.issue(now + 5 * 24h);
    CHECK(scene.look()["state"].text_or() == "due");
    scene.issue(now - 1h);
    CHECK(scene.look()["state"].text_or() == "expired");
  }
}

}  // namespace acmed::acmectl
