// SPDX-License-Identifier: Apache-2.0
// Eight months of many certificates at a CA with Let's Encrypt's limits, which judges by figures of its own:
// tests/bench has ten years of ten thousand, but drives the parts that decide instead of whole keepers.
#include <list>
#include <map>
#include <set>

#include "daemon/acme/answer.h"
#include "daemon/deploy/local_actions.h"
#include "daemon/keep/keeper.h"
#include "daemon/renew/registered_domain.h"
#include "tests/bench/decade_ca.h"
#include "tests/unit/catch.h"
#include "tests/unit/daemon/fake_authority.h"
#include "tests/unit/daemon/journey_scene.h"

namespace acmed::keep {
namespace {

using namespace std::chrono_literals;

constexpr int count = 70;

/// Thousands of states a day need no disk here.
class QuickStore final : public store::FileStore {
 public:
  using FileStore::FileStore;
  Task<store::Revision> save_certificate(std::string, store::Certificate certificate) override {
    co_return certificate.revision + 1;
  }
  Task<unsigned> add_generation(std::string name, store::GenerationMeta meta, store::GenerationFiles files) override {
    const auto number = ++latest_[name];
    generations_[{name, number}] = {number, std::move(meta), std::move(files)};
    generations_.erase({name, number - 1});
    co_return number;
  }
  Task<store::Generation> generation(std::string name, unsigned number) override {
    co_return generations_.at({name, number});
  }
  Task<> remove_old_generations(std::string, std::set<unsigned>) override { co_return; }
  Task<> save_ledger(store::LedgerRecord) override { co_return; }

 private:
  std::map<std::string, unsigned> latest_;
  std::map<std::pair<std::string, unsigned>, store::Generation> generations_;
};

class QuickPublisher final : public store::Publisher {
 public:
  Task<> publish(std::string name, store::Generation generation, store::KeyGroup) override {
    published_[name] = generation.number;
    co_return;
  }
  Task<> grant_key(std::string, unsigned, store::KeyGroup) override { co_return; }
  Task<std::optional<unsigned>> published(std::string name) override {
    const auto found = published_.find(name);
    co_return found == published_.end() ? std::nullopt : std::optional(found->second);
  }
  Task<std::vector<store::Published>> look(std::vector<store::Expected> expected) override {
    std::vector<store::Published> all;
    for (const auto& each : expected) all.push_back({co_await published(each.name)});
    co_return all;
  }
  std::filesystem::path path(const std::string& name) const override { return "/live/" + name; }

 private:
  std::map<std::string, unsigned> published_;
};

struct Months : test::JourneyScene {
  struct One {
    std::vector<std::string> names;
    std::unique_ptr<test::FakeAuthority> first, second;  ///< the CAs, as this certificate sees them
    std::unique_ptr<Keeper> keeper;
    std::map<std::string, bench::SimulatedCertificate> certificates;  ///< at the first CA, by CertID
    bench::SimulatedCertificate latest;
    Time end{};  ///< of the latest, whoever issued it
  };

  Time began = clock.now();
  bench::SimulatedCa judge{true, {{began + 24h * 100, began + 24h * 103}, {began + 24h * 200, began + 24h * 202}}};
  QuickStore quick{directory.folder};
  QuickPublisher publisher;
  issue::JourneyContext quickly{loop, quick, publisher, discovery, zones, {}};
  renew::Ledger ledger{quick, clock};
  renew::Calendar calendar;
  deploy::LocalActions actions{directory.folder.deployments()};
  deploy::DeploymentCoordinator deployments{loop, actions};
  std::list<One> all;
  int ended = 0;
  int at_second = 0;
  int serial = 16;

  Months() {
    for (int i = 0; i < count; ++i) {
      auto& one = all.emplace_back();
      // Sixty of them in one registered domain, of which fifty a week may be issued.
      one.names = {"h" + std::to_string(i) + (i < 60 ? ".example.test" : ".d" + std::to_string(i) + ".test")};
      one.first = authority("letsencrypt", "https://acme-v02.api.letsencrypt.org/directory", &one);
      one.second = authority("other", "https://other.test/directory", &one);
      auto* told = one.first.get();
      told->on_order = [this, &one](const auto& names, const std::string& replaces) { order(one, names, replaces); };
      told->on_call = [this, &one, told](const std::string& call) {
        if (judge.is_down(clock.now())) {
          throw Error(Error::Advice::retry, "curl:7", "no answer", std::nullopt, Party::ca);
        }
        if (call != "renewal_info") return;
        const auto window = judge.window(one.latest, clock.now());
        told->suggestion = acme::RenewalInfo{window.begin, window.end, "", clock.now() + 24h};
      };
      std::vector<issue::Authority*> fallbacks;
      if (i % 2 == 0) fallbacks.push_back(one.second.get());
      one.keeper = std::make_unique<Keeper>(
          quickly, ledger, deployments,
          Wanted{{"c" + std::to_string(i), one.names, crypto::KeyType::ecdsa_p256, told, {}}, {}, {}, fallbacks});
      one.keeper->plan_in(calendar);
    }
  }

  std::unique_ptr<test::FakeAuthority> authority(const std::string& name, const std::string& url, One* one) {
    auto own = settings;
    own.name = name;
    own.directory_url = url;
    auto made = std::make_unique<test::FakeAuthority>(
        own, [this, one, name](const std::string& csr) { return issued(*one, csr, name == "other"); });
    made->proved = true;
    return made;
  }

  void order(One& one, const std::vector<std::string>& names, const std::string& replaces) {
    const auto replaced = one.certificates.find(replaces);
    const auto certificate = judge.issue({names, renew::registered_domains(names),
                                          replaced == one.certificates.end() ? 0 : replaced->second.number, false},
                                         clock.now());
    if (!certificate) {
      acme::Problem problem;
      problem.type = "rateLimited";
      throw acme::ProblemError("order a certificate", problem, clock.now() + 1h);
    }
    one.latest = *certificate;
  }

  std::vector<crypto::Certificate> issued(One& one, const std::string& csr, bool by_second) {
    const auto now = std::chrono::time_point_cast<std::chrono::seconds>(clock.now());
    if (one.end != Time{} && one.end < now) ++ended;
    const auto lives = by_second ? Duration(24h * 90) : one.latest.not_after - one.latest.not_before;
    test::CertificateFacts facts;
    facts.not_before = now;
    facts.not_after = now + std::chrono::duration_cast<std::chrono::seconds>(lives);
    facts.serial = std::to_string(++serial);
    facts.key_identifier_of_issuer = "0123456789";
    auto chain = crypto::parse_chain(leaf({0, one.names, csr}, facts) + issuer.intermediate_pem());
    if (by_second) {
      ++at_second;
    } else {
      one.certificates[chain.front().renewal_id().value_or("")] = one.latest;
    }
    one.end = facts.not_after;
    return chain;
  }

  /// As the service does it: calls each keeper when it wants to be called.
  void live(Duration length) {
    std::multimap<Time, One*> agenda;
    for (auto& one : all) agenda.emplace(clock.now(), &one);
    while (agenda.begin()->first < began + length) {
      auto* one = agenda.begin()->second;
      clock.advance(std::max<Duration>(agenda.begin()->first - clock.now(), Duration::zero()));
      agenda.erase(agenda.begin());
      const auto next = acmed::run(loop, one->keeper->attempt(false));
      agenda.emplace(std::max<Time>(next, clock.now() + 1s), one);
    }
  }
};

}  // namespace

SCENARIO("eight months of many certificates hit no limit of the CA, and none of them ends") {
  Months months;
  months.judge.revoke_all({months.began + 24h * 150, {months.began + 24h * 150, months.began + 24h * 151}});
  months.live(24h * 240);
  for (const auto& [limit, hits] : months.judge.hits) FAIL_CHECK(limit << ": " << hits);
  CHECK(months.ended == 0);
  CHECK(months.judge.exempt > 0);
  CHECK(months.judge.issued > count * 3);
  CHECK(months.judge.issued < count * 12);
  CHECK(months.at_second > 0);
  for (const auto& one : months.all) {
    CHECK(one.end > months.clock.now());
    // Whoever was told to renew within a day did.
    CHECK((one.latest.not_before >= months.began + 24h * 150 || one.keeper->ca() == "other"));
  }
}

}  // namespace acmed::keep
