// SPDX-License-Identifier: Apache-2.0
#include "daemon/notify/news.h"

#include "tests/unit/catch.h"
#include "tests/unit/notify/scene.h"

namespace acmed::notify {
namespace {

using namespace std::chrono_literals;

const Time now{std::chrono::sys_days(std::chrono::year(2027) / 3 / 1)};

struct Scene {
  test::FakeCertificates certificates;
  std::vector<store::ToldTrouble> told;
  config::Notify notify;

  News news(Time at = now) { return news_of(certificates, told, notify, at); }
  /// As if all of it had been told.
  News tell(Time at = now) {
    auto all = news(at);
    add_told(told, all.failing);
    add_told(told, all.revoked);
    add_told(told, all.ending);
    remove_told(told, all.recovered);
    return all;
  }
  static std::vector<std::string> names(const std::vector<Item>& items) {
    std::vector<std::string> result;
    for (const auto& item : items) result.push_back(item.certificate + ":" + item.trouble.what);
    return result;
  }
};

using Names = std::vector<std::string>;

TEST_CASE("a trouble is told once it has lasted, and once only") {
  Scene scene;
  scene.certificates.fail("web", "issue", now, "the key is not known");
  auto news = scene.tell(now + 59min);
  CHECK(news.failing.empty());
  CHECK(news.next == now + 1h);
  news = scene.tell(now + 1h);
  CHECK(Scene::names(news.failing) == Names{"web:issue"});
  CHECK_FALSE(news.next);
  CHECK(scene.tell(now + 2h).failing.empty());
  // What changes its sentence, or is counted anew, is the same trouble.
  scene.certificates.all.front().troubles.front().sentence = "the server is silent";
  scene.certificates.all.front().troubles.front().since = now + 2h;
  news = scene.tell(now + 4h);
  CHECK(news.failing.empty());
  CHECK(news.recovered.empty());
}

TEST_CASE("what a CA has revoked is told at once, and not as what has failed for long") {
  Scene scene;
  scene.certificates.revoke("web", now, true);
  auto news = scene.tell(now);
  CHECK(Scene::names(news.revoked) == Names{"web:revoked"});
  CHECK(scene.tell(now + 2h).revoked.empty());
  CHECK(scene.tell(now + 2h).failing.empty());
  scene.certificates.all.clear();
  CHECK(Scene::names(scene.tell(now + 3h).recovered) == Names{"web:revoked"});
  // What somebody asked for is a trouble when nothing comes in its place.
  scene.certificates.revoke("mail", now + 4h, false);
  CHECK(scene.tell(now + 4h).revoked.empty());
  CHECK(Scene::names(scene.tell(now + 5h).failing) == Names{"mail:revoked"});
}

TEST_CASE("how long a trouble has to last is the operator's to say") {
  Scene scene;
  scene.notify.after = 0s;
  scene.certificates.fail("web", "issue", now, "the key is not known");
  CHECK(Scene::names(scene.tell().failing) == Names{"web:issue"});
}

TEST_CASE("each duty's trouble is told on its own") {
  Scene scene;
  auto& web = scene.certificates.fail("web", "deploy:nginx", now - 2h, "nginx does not take it");
  scene.tell();
  web.troubles.push_back(test::FakeCertificates::trouble("deploy:haproxy", now - 90min, "no such folder"));
  CHECK(Scene::names(scene.tell().failing) == Names{"web:deploy:haproxy"});
  web.troubles.erase(web.troubles.begin());
  CHECK(Scene::names(scene.tell().recovered) == Names{"web:deploy:nginx"});
}

TEST_CASE("the end of what was told is told once") {
  Scene scene;
  scene.certificates.fail("web", "issue", now - 2h, "the key is not known");
  scene.tell();
  scene.certificates.all.clear();
  const auto news = scene.tell(now + 1h);
  REQUIRE(Scene::names(news.recovered) == Names{"web:issue"});
  CHECK(news.recovered.front().trouble.sentence == "the key is not known");
  CHECK(news.recovered.front().trouble.since == now - 2h);
  CHECK(scene.tell(now + 2h).recovered.empty());
  // It is told anew when it comes back.
  scene.certificates.fail("web", "issue", now + 3h, "the key is not known");
  CHECK(Scene::names(scene.tell(now + 5h).failing) == Names{"web:issue"});
}

TEST_CASE("a trouble that ends before it is told is never told") {
  Scene scene;
  scene.certificates.fail("web", "issue", now, "the key is not known");
  scene.tell(now + 30min);
  scene.certificates.all.clear();
  const auto news = scene.tell(now + 2h);
  CHECK(news.failing.empty());
  CHECK(news.recovered.empty());
}

TEST_CASE("what is not read yet, or worked on, is not taken for well") {
  Scene scene;
  scene.certificates.fail("web", "issue", now - 2h, "the key is not known");
  scene.tell();
  scene.certificates.all.clear();
  scene.certificates.others["web"] = Watched::Condition::unknown;
  CHECK(scene.tell().recovered.empty());
  scene.certificates.others["web"] = Watched::Condition::well;
  CHECK(Scene::names(scene.tell().recovered) == Names{"web:issue"});
}

TEST_CASE("a certificate that is not configured any more is no trouble any more") {
  Scene scene;
  scene.certificates.fail("web", "issue", now - 2h, "the key is not known");
  scene.tell();
  scene.certificates.all.clear();
  scene.certificates.others["web"] = Watched::Condition::gone;
  const auto news = scene.tell();
  REQUIRE(news.recovered.size() == 1);
  CHECK(news.recovered.front().trouble.sentence == "it is not configured any more");
}

TEST_CASE("an end that comes near is told, with what is to blame") {
  Scene scene;
  auto& web = scene.certificates.add("web", now, now + 90 * 24h);
  web.next = keep::NextView{"renew", now + 80 * 24h, "the CA wants no orders"};
  // A sixth of its life is left.
  auto news = scene.tell(now + 74 * 24h);
  CHECK(news.ending.empty());
  CHECK(news.next == now + 75 * 24h);
  news = scene.tell(now + 75 * 24h);
  REQUIRE(Scene::names(news.ending) == Names{"web:end"});
  CHECK(news.ending.front().trouble.sentence == "the CA wants no orders");
  CHECK(news.ending.front().not_after == now + 90 * 24h);
  CHECK(scene.tell(now + 80 * 24h).ending.empty());

  // It is renewed, and something else is wrong with it.
  web.live->not_before = now + 80 * 24h;
  web.live->not_after = now + 170 * 24h;
  CHECK(Scene::names(scene.tell(now + 80 * 24h).recovered) == Names{"web:end"});
}

TEST_CASE("how near an end is told is the operator's to say") {
  Scene scene;
  scene.certificates.add("web", now, now + 90 * 24h);
  scene.notify.warn_before = 20 * 24h;
  CHECK(scene.news().next == now + 70 * 24h);
  scene.notify.warn_before = 0.5;
  CHECK(scene.news().next == now + 45 * 24h);
  // A time that was meant for longer lives.
  scene.certificates.all.front().live->not_after = now + 6 * 24h;
  scene.notify.warn_before = 20 * 24h;
  CHECK(scene.news().next == now + 3 * 24h);
}

}  // namespace
}  // namespace acmed::notify
