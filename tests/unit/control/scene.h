// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <unistd.h>

#include <map>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/runtime/scope.h"
#include "base/runtime/sleep.h"
#include "daemon/control/api.h"

namespace acmed::control {

/// A configuration's certificates that a test makes up.
class FakeKeeping final : public Keeping {
 public:
  std::vector<keep::CertificateView> all;
  std::vector<CaView> authorities{{"lab", "https://ca.test/dir", {}}};
  Outcome outcome;     ///< of what is asked for
  bool waits = false;  ///< for `released`
  Event released;
  std::vector<std::string> asked;

  keep::CertificateView& add(const std::string& name, keep::State state = keep::State::valid) {
    keep::CertificateView view;
    view.name = name;
    view.domains = {name + ".test"};
    view.ca = "lab";
    view.key_type = "ecdsa-p256";
    view.state = state;
    all.push_back(std::move(view));
    return all.back();
  }

  std::size_t certificate_count() const override { return all.size(); }
  std::optional<keep::CertificateView> certificate(const std::string& name) override {
    for (const auto& each : all) {
      if (each.name == name) return each;
    }
    return std::nullopt;
  }
  std::vector<keep::CertificateView> certificates_after(const std::string& name, std::size_t most) override {
    std::vector<keep::CertificateView> some;
    bool is_after = name.empty();
    for (const auto& each : all) {
      if (is_after && some.size() < most) some.push_back(each);
      is_after = is_after || each.name == name;
    }
    return some;
  }
  std::vector<std::pair<std::string, keep::State>> states_after(const std::string& name, std::size_t most) override {
    std::vector<std::pair<std::string, keep::State>> some;
    for (const auto& each : certificates_after(name, most)) some.emplace_back(each.name, each.state);
    return some;
  }
  Task<std::vector<GenerationView>> generations(std::string) override {
    GenerationView view;
    view.generation = 3;
    view.serial = "04ab";
    view.issuer = "E7";
    view.revoked =
        keep::RevokedView{Time(std::chrono::sys_days(std::chrono::year(2026) / 11 / 25)), "superseded", false};
    co_return std::vector<GenerationView>{view};
  }
  std::optional<Due> next() const override {
    if (all.empty()) return std::nullopt;
    return Due{all.front().name, Time(std::chrono::sys_days(std::chrono::year(2027) / 1 / 1))};
  }
  std::vector<CaView> cas() const override { return authorities; }
  std::vector<ProviderView> providers() const override {
    return {{"bind",
             "rfc2136",
             "ns1.test",
             {"test"},
             Time(std::chrono::sys_days(std::chrono::year(2027) / 1 / 1)),
             "the key expires tomorrow"}};
  }
  Task<std::vector<AccountView>> accounts() override {
    AccountView view;
    view.ca = "lab";
    view.directory_url = "https://ca.test/dir";
    view.url = "https://ca.test/account/1";
    view.key_type = "ecdsa-p256";
    view.contact = {"mailto:a@b.test"};
    LimitView limit;
    limit.limit = "domain";
    limit.subject = "b.test";
    limit.of = config::Limit{50, std::chrono::hours(24 * 7)};
    limit.used = 3;
    limit.free_at = Time(std::chrono::sys_days(std::chrono::year(2027) / 1 / 1));
    view.limits.push_back(limit);
    LimitView names;
    names.limit = "same_names";
    names.names = {"b.test", "*.b.test"};
    names.name_count = 5;
    view.limits.push_back(names);
    co_return std::vector<AccountView>{view};
  }
  Task<Outcome> attempt(std::string name, bool force) override {
    asked.push_back("attempt " + name + (force ? " by force" : ""));
    return end();
  }
  Task<Outcome> renew(std::string name, bool force) override {
    asked.push_back("renew " + name + (force ? " by force" : ""));
    return end();
  }
  Task<Outcome> deploy(std::string name, std::set<std::string> targets) override {
    std::string text = "deploy " + name;
    for (const auto& target : targets) text += " " + target;
    asked.push_back(text);
    return end();
  }
  Task<Outcome> revoke(std::string name, RevocationWish wish) override {
    asked.push_back("revoke " + name + " " + std::to_string(wish.generation) + " " + wish.reason +
                    (wish.replace ? " after the next" : ""));
    return end();
  }
  Task<Outcome> change_account(std::string ca, AccountChange change) override {
    const std::vector<std::string> words = {"roll-key", "deactivate", "create"};
    asked.push_back(words.at(static_cast<std::size_t>(change)) + " " + ca);
    return end();
  }

 private:
  Task<Outcome> end() {
    while (waits && !released.is_set()) co_await released.wait();
    co_return outcome;
  }
};

/// The API on certificates that a test makes up, asked as itself unless it says otherwise.
class Scene final : public Subject {
 public:
  VirtualClock clock{Time(std::chrono::sys_days(std::chrono::year(2026) / 11 / 26))};
  Loop loop{clock};
  FakeKeeping kept;
  config::Config configuration;
  std::vector<config::Fault> faults;
  Doctor examine;
  bool is_replaced = false;  ///< there is no configuration in force for a moment
  int reloads = 0;
  http::Peer peer;
  Api api{loop, *this};

  Scene() {
    peer.process = http::Peer::Process{::geteuid(), ::getegid(), {}};
    configuration.file = "/etc/acmed/acmed.toml";
  }

  Keeping* keeping() override { return is_replaced ? nullptr : &kept; }
  const config::Config* config() const override { return &configuration; }
  Task<std::vector<config::Fault>> reload() override {
    ++reloads;
    co_return faults;
  }
  const Doctor* doctor() const override { return examine ? &examine : nullptr; }

  struct Answer {
    int status = 0;
    std::map<std::string, std::string> headers;
    std::string body;
    json::Value document;

    std::string detail() const { return document["detail"].text_or(); }
  };

  http::ServerRequest request(const std::string& method, const std::string& target, const std::string& body = "") {
    http::ServerRequest result;
    result.method = method;
    const auto mark = target.find('?');
    result.path = target.substr(0, mark);
    for (auto rest = mark == std::string::npos ? "" : target.substr(mark + 1); !rest.empty();) {
      const auto end = rest.find('&');
      const auto pair = rest.substr(0, end);
      result.query.emplace_back(pair.substr(0, pair.find('=')), pair.substr(pair.find('=') + 1));
      rest = end == std::string::npos ? "" : rest.substr(end + 1);
    }
    result.body = body;
    result.peer = peer;
    result.headers["host"] = "acmed";
    return result;
  }

  Answer ask(http::ServerRequest what) { return run(loop, story(this, std::move(what), nullptr)); }
  Answer ask(const std::string& method, const std::string& target, const std::string& body = "") {
    return ask(request(method, target, body));
  }
  /// Asks, and then does `then` while what was asked for is carried out.
  Answer ask(http::ServerRequest what, std::function<Task<>()> then) {
    return run(loop, story(this, std::move(what), std::move(then)));
  }

  Task<Answer> answered(http::ServerRequest what) {
    auto response = co_await api.respond(std::move(what));
    Answer answer;
    answer.status = response.status;
    for (const auto& [name, value] : response.headers) answer.headers[name] = value;
    answer.body = response.shared_body ? *response.shared_body : response.body;
    if (response.made_body && !response.is_stream) {
      while (auto piece = response.made_body->next()) answer.body += *piece;
    }
    answer.document = json::parse(answer.body).value_or(json::Value());
    co_return answer;
  }

 private:
  static Task<> act(Scene* scene, http::ServerRequest what, std::function<Task<>()> then, Answer* answer) {
    *answer = co_await scene->answered(std::move(what));
    if (then) co_await then();
  }
  static Task<Answer> story(Scene* scene, http::ServerRequest what, std::function<Task<>()> then) {
    Answer answer;
    co_await accompanied(act(scene, std::move(what), std::move(then), &answer), scene->api.run());
    co_return answer;
  }
};

}  // namespace acmed::control
