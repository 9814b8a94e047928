// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "base/runtime/event.h"
#include "base/runtime/scope.h"
#include "daemon/issue/acme_authority.h"
#include "daemon/issue/journey.h"
#include "tests/unit/acme/fake_ca.h"
#include "tests/unit/base/test_ca.h"
#include "tests/unit/daemon/state_directory.h"
#include "tests/unit/dns/fake_name_server.h"
#include "tests/unit/temporary_folder.h"

namespace acmed::test {

/// A DNS operator whose only name server shows at once what it accepted.
class ShownProvider final : public providers::Provider {
 public:
  explicit ShownProvider(dns::Name apex) : apex_(std::move(apex)) {}
  Task<std::optional<providers::Zone>> zone_of(dns::Name name) override;
  Task<> apply(providers::Zone zone, std::vector<providers::TxtChange> changes) override;
  Task<std::set<dns::Name>> name_servers(providers::Zone zone) override;
  bool publishes(dns::Type type) const override { return type == dns::Type::txt || type == dns::Type::tlsa; }

  int calls = 0;
  std::set<std::pair<dns::Name, std::string>> values;
  std::set<dns::Name> published;  ///< where values have ever been
  bool has_no_zone = false;
  std::optional<dns::Name> only_zone;                                      ///< in place of all others
  std::set<dns::Name> own_name_servers;                                    ///< of its zones
  bool refuses = false;                                                    ///< every change
  bool has_lost_its_zone = false;                                          ///< between addition and removal
  bool keeps_values = false;                                               ///< fails at their removal
  std::function<void(const std::vector<providers::TxtChange>&)> on_apply;  ///< before anything is changed
  Event* removes_after = nullptr;                                          ///< null: removes at once

 private:
  dns::Name apex_;
};

/// The certificate "web" on a host: real journeys over a real client and a store in a folder, to a fake CA and to the
/// fake name servers of example.test, and of other.test for aliases. Sleeps take no time. Tests make it odd where it
/// matters to them.
struct JourneyScene {
  JourneyScene();

  /// One run as a daemon makes it that was started anew: what is remembered comes from the disk and goes back to it.
  /// Empty when a certificate was issued, "cancelled" when it was stopped, else "CAUSE SENTENCE".
  std::string run(std::stop_token stop = {});
  /// Withdraws what is remembered, as without a certificate. Empty when nothing is left, else "CAUSE SENTENCE".
  std::string withdraw_leftovers();
  /// A run that leaves an order behind, for want of an answer when its challenges are to be validated.
  void leave_an_order();

  /// What is remembered.
  store::Certificate state();
  /// A file of the pair in service; empty when there is none.
  std::string live(const std::string& file) const;
  /// All that stands in files of that name below the state directory. May be called from any thread.
  std::string on_disk(const std::string& file) const;
  /// How often `path` was asked of the CA: "order/0".
  std::size_t asked(const std::string& path) const;

  /// What the CA issues unless it is told otherwise: leaf and intermediate, for the names that were ordered.
  std::string chain(const FakeCa::Issuance& issuance) const;
  /// The leaf alone, as `facts` say; without names: for those that were ordered.
  std::string leaf(const FakeCa::Issuance& issuance, CertificateFacts facts = {}) const;

  VirtualClock clock{Time(std::chrono::sys_days(std::chrono::year(2026) / 11 / 22))};
  Loop loop{clock};
  TemporaryFolder folder;
  const TestCa& issuer = keys().issuer;
  FakeCa ca{keys().tls_certificate, keys().tls_key.to_pem()};
  store::StateDirectory directory{folder.path() / "state"};
  store::FileStore& store = directory.store;
  dns::fake::NameServer resolver{loop, "127.0.1.7"};
  dns::fake::NameServer name_server{loop, "127.0.1.1"};
  dns::Discovery discovery{loop, {resolver.endpoint()}, dns::fake::port()};
  ShownProvider* provider = nullptr;
  issue::ZoneCoordinator zones{loop, providers()};
  issue::JourneyContext context{loop,      store, directory.publisher,
                                discovery, zones, config::Routes({{"example.test", "shown"}})};
  issue::AuthoritySettings settings;
  std::unique_ptr<issue::Authority> authority;
  issue::Authority* other_authority = nullptr;  ///< in its place
  std::uint32_t tlsa_ttl = 300;                 ///< of the TLSA records that the name server shows
  int hidden_answers = 0;                  ///< so many answers of the name server do not show yet what the provider has
  std::map<dns::Name, dns::Name> aliases;  ///< CNAME records
  std::set<dns::Name> hosts;               ///< names with an A record
  std::string wildcard_target;             ///< what *.example.test is an alias of; empty when there is no such record
  std::function<void()> on_txt;            ///< when the name server is asked for values that the provider has
  issue::Request request{"web", {"www.example.test"}, crypto::KeyType::ecdsa_p256, nullptr, {}};

 private:
  /// The same for all scenes: making them takes a while.
  struct Keys {
    TestCa issuer;
    crypto::PrivateKey tls_key = crypto::PrivateKey::generate(crypto::KeyType::ecdsa_p256);
    std::string tls_certificate = issuer.issue(tls_key, loopback()).to_pem();
  };
  static const Keys& keys();
  static CertificateFacts loopback();
  issue::Providers providers();
};

}  // namespace acmed::test
