// SPDX-License-Identifier: Apache-2.0
#include "daemon/deploy_helper/performer.h"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>

#include "base/error.h"
#include "base/runtime/scope.h"
#include "config/config.h"
#include "tests/unit/base/test_ca.h"
#include "tests/unit/catch.h"
#include "tests/unit/temporary_folder.h"

namespace acmed::deploy_helper {
namespace {

using Catch::Contains;
using Calls = std::vector<std::string>;

/// A place and actions that do nothing but note what they are asked for.
class NotedPlace final : public deploy::Place {
 public:
  NotedPlace(Calls& calls, std::shared_ptr<const deploy::Subject> subject)
      : calls_(calls), subject_(std::move(subject)) {}
  Task<std::optional<Error>> install() override { return noted("install"); }
  Task<std::optional<Error>> keep() override { return noted("keep"); }
  Task<std::optional<Error>> put_back() override { return noted("put_back"); }
  Task<std::string> reason_to_stay(Time worth_until) override {
    calls_.push_back(fmt::format("reason_to_stay {}", to_rfc3339(worth_until)));
    co_return "the new files stay";
  }
  std::string former_pair() const override { return "the former files"; }

 private:
  Task<std::optional<Error>> noted(std::string what) {
    calls_.push_back(
        fmt::format("{} {} {}", what, subject_->target.directory->string(), subject_->generation.meta.serial));
    co_return std::nullopt;
  }

  Calls& calls_;
  std::shared_ptr<const deploy::Subject> subject_;
};

class NotedActions final : public deploy::Actions {
 public:
  std::unique_ptr<deploy::Place> place(std::shared_ptr<const deploy::Subject> subject) override {
    return std::make_unique<NotedPlace>(calls, std::move(subject));
  }
  Task<> test(deploy::Subjects subjects) override {
    calls.push_back(fmt::format("test {} {}", subjects.size(), subjects.front()->target.test.front()));
    co_return;
  }
  Task<> apply(std::shared_ptr<const deploy::Subject>, std::string unit) override {
    calls.push_back("apply " + unit);
    co_return;
  }
  Task<> verify(std::shared_ptr<const deploy::Subject>) override { co_return; }
  Task<> hook(deploy::Subjects subjects, deploy::Event event) override {
    calls.push_back(fmt::format("hook {} {}{}", subjects.size(), subjects.front()->target.post_hook.front(),
                                event == deploy::Event::rollback ? " rollback" : ""));
    co_return;
  }
  Task<std::vector<deploy::TargetName>> interrupted() override { co_return std::vector<deploy::TargetName>(); }
  Task<> take_back(deploy::TargetName) override { co_return; }

  Calls calls;
};

/// A configuration with two certificates, and generations of them.
class Stage {
 public:
  Stage() {
    std::filesystem::create_directory(folder_.path() / "conf.d");
    write("acmed.toml", R"(include = ["conf.d/*.toml"]
state_directory = "/var/lib/elsewhere"
[provider.cf]
type = "cloudflare"
token = { credential = "of-the-daemon-alone" }
zones = ["example"]
[[certificate]]
name = "corp"
ca = "letsencrypt"
domains = ["*.corp.example", "corp.example"]
  [[certificate.deploy]]
  name = "web"
  directory = "/etc/web/tls"
  test = ["/usr/sbin/web", "-t"]
  reload = ["web.service"]
  post_hook = ["/usr/bin/purge"]
  [[certificate.deploy]]
  name = "live"
  post_hook = ["/usr/bin/notify"]
)");
    write("conf.d/mail.toml", R"([[certificate]]
name = "mail"
domains = ["mail.example"]
  [[certificate.deploy]]
  name = "web"
  directory = "/etc/{name}/tls"
  test = ["/usr/sbin/web", "-t"]
  post_hook = ["/usr/bin/other"]
)");
  }

  void write(const std::string& name, const std::string& text) const {
    std::ofstream(folder_.path() / name) << text;
    std::filesystem::permissions(folder_.path() / name,
                                 std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  }
  std::filesystem::path configuration() const { return folder_.path() / "acmed.toml"; }

  store::GenerationFiles generation(std::vector<std::string> names) const {
    const auto certificate = ca_.issue(key_, {std::move(names)});
    const auto leaf = certificate.to_pem();
    return {key_.to_pem(), leaf, ca_.intermediate_pem(), leaf + ca_.intermediate_pem()};
  }
  store::GenerationFiles corp() const { return generation({"corp.example", "*.corp.example"}); }
  store::GenerationFiles mail() const { return generation({"mail.example"}); }

  Answer perform(const Request& request, const std::vector<store::GenerationFiles>& contents) {
    const auto subjects = find_subjects(configuration(), request, contents);
    Loop loop;
    return run(loop, deploy_helper::perform(actions_, request, subjects));
  }
  std::string refusal(const Request& request, const std::vector<store::GenerationFiles>& contents) {
    try {
      const auto answer = perform(request, contents);
      CHECK(answer.failure);
    } catch (const Refused& error) {
      CHECK(actions_.calls.empty());
      return error.what();
    }
    return "";
  }
  const Calls& calls() const { return actions_.calls; }
  const crypto::PrivateKey& key() const { return key_; }

 private:
  TemporaryFolder folder_;
  test::TestCa ca_;
  crypto::PrivateKey key_ = crypto::PrivateKey::generate(crypto::KeyType::ecdsa_p256);
  NotedActions actions_;
};

Request request(Operation operation, std::vector<SubjectName> subjects = {{"corp", "web", 7}}) {
  Request request;
  request.operation = operation;
  request.subjects = std::move(subjects);
  return request;
}

}  // namespace

SCENARIO("the helper does what stands in the configuration, and what it is asked for of that") {
  Stage stage;
  SECTION("install") {
    CHECK_FALSE(stage.perform(request(Operation::install), {stage.corp()}).failure);
    CHECK(stage.calls() == Calls{"install /etc/web/tls 01"});
  }
  SECTION("keep and put back need no contents") {
    stage.perform(request(Operation::keep), {});
    stage.perform(request(Operation::put_back), {});
    stage.perform(request(Operation::keep, {{"mail", "web", 1}}), {});
    CHECK(stage.calls() == Calls{"keep /etc/web/tls ", "put_back /etc/web/tls ", "keep /etc/mail/tls "});
  }
  SECTION("the reason why new files stay") {
    auto asked = request(Operation::reason_to_stay);
    asked.worth_until = 86400;
    CHECK(stage.perform(asked, {}).text == "the new files stay");
    CHECK(stage.calls() == Calls{"reason_to_stay 1970-01-02T00:00:00Z"});
  }
  SECTION("one test for two certificates, without their keys") {
    auto corp = stage.corp();
    auto mail = stage.mail();
    corp.private_key = {};
    mail.private_key = {};
    stage.perform(request(Operation::test, {{"corp", "web", 7}, {"mail", "web", 1}}), {corp, mail});
    CHECK(stage.calls() == Calls{"test 2 /usr/sbin/web"});
  }
  SECTION("a unit that the target names") {
    auto apply = request(Operation::apply);
    apply.unit = "web.service";
    stage.perform(apply, {});
    CHECK(stage.calls() == Calls{"apply web.service"});
  }
  SECTION("hooks") {
    stage.perform(request(Operation::hook), {stage.corp()});
    stage.perform(request(Operation::rollback_hook), {stage.generation({"former.example"})});
    stage.perform(request(Operation::hook, {{"corp", "live", 7}}), {stage.corp()});
    CHECK(stage.calls() == Calls{"hook 1 /usr/bin/purge", "hook 1 /usr/bin/purge rollback", "hook 1 /usr/bin/notify"});
  }
}

SCENARIO("the helper does nothing that does not stand in the configuration") {
  Stage stage;
  CHECK_THAT(stage.refusal(request(Operation::install, {{"other", "web", 7}}), {stage.corp()}),
             Contains("has no certificate \"other\""));
  CHECK_THAT(stage.refusal(request(Operation::install, {{"corp", "mail", 7}}), {stage.corp()}),
             Contains("has no target \"mail\" of the certificate corp"));
  CHECK_THAT(stage.refusal(request(Operation::install, {{"../corp", "web", 7}}), {stage.corp()}),
             Contains("has no certificate"));
  CHECK_THAT(stage.refusal(request(Operation::install, {{"corp", "live", 7}}), {stage.corp()}),
             Contains("has no directory"));
  CHECK_THAT(stage.refusal(request(Operation::test, {{"corp", "live", 7}}), {stage.corp()}),
             Contains("has no such program"));
  CHECK_THAT(
      stage.refusal(request(Operation::hook, {{"corp", "web", 7}, {"mail", "web", 1}}), {stage.corp(), stage.mail()}),
      Contains("different programs"));
  auto apply = request(Operation::apply);
  apply.unit = "sshd.service";
  CHECK_THAT(stage.refusal(apply, {}), Contains("does not name that unit"));
}

SCENARIO("the helper installs nothing but a key with its certificate, for the names in the configuration") {
  Stage stage;
  const auto asked = request(Operation::install);
  const auto good = stage.corp();
  const auto other = crypto::PrivateKey::generate(crypto::KeyType::ecdsa_p256);
  CHECK_THAT(stage.refusal(asked, {}), Contains("not as many contents"));
  CHECK_THAT(stage.refusal(asked, {good, good}), Contains("not as many contents"));
  CHECK_THAT(stage.refusal(asked, {stage.generation({"corp.example"})}), Contains("not for the names"));
  CHECK_THAT(stage.refusal(asked, {stage.generation({"corp.example", "*.corp.example", "bank.example"})}),
             Contains("not for the names"));
  auto files = good;
  files.private_key = other.to_pem();
  CHECK_THAT(stage.refusal(asked, {files}), Contains("the key is not that of the certificate"));
  files.private_key = {};
  CHECK_THAT(stage.refusal(asked, {files}), Contains("there is no key"));
  files.private_key = Secret("no key");
  CHECK_FALSE(stage.refusal(asked, {files}).empty());
  files = good;
  files.certificate = stage.mail().certificate;
  CHECK_THAT(stage.refusal(asked, {files}), Contains("not the first of its chain"));
  files = good;
  files.chain = {};
  CHECK_THAT(stage.refusal(asked, {files}), Contains("not that of the certificate"));
  files = good;
  files.full_chain += "-----BEGIN PRIVATE KEY-----\nMA==\n-----END PRIVATE KEY-----\n";
  CHECK_FALSE(stage.refusal(asked, {files}).empty());
}

SCENARIO("a configuration that somebody else can change is not believed") {
  const Stage stage;
  std::filesystem::permissions(stage.configuration(), std::filesystem::perms::others_write,
                               std::filesystem::perm_options::add);
  CHECK_THROWS_WITH(find_subjects(stage.configuration(), request(Operation::keep), {}), Contains("chmod o-w"));
  std::filesystem::permissions(stage.configuration(), std::filesystem::perms::others_write,
                               std::filesystem::perm_options::remove);
  CHECK_NOTHROW(find_subjects(stage.configuration(), request(Operation::keep), {}));
}

}  // namespace acmed::deploy_helper
