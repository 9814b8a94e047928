// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/providers/conformance.h"
#include "providers/registry.h"
#include "tests/unit/catch.h"
#include "tests/unit/providers/rfc2136/fake_primary.h"

using namespace acmed;
using namespace acmed::providers;

namespace {

class Rfc2136Stage final : public Stage {
 public:
  explicit Rfc2136Stage(std::optional<crypto::Digest> algorithm) {
    configured_.name = "bind";
    config::Rfc2136 settings;
    settings.server = "127.0.1.1:" + std::to_string(dns::fake::port());
    std::optional<dns::TsigKey> key;
    if (algorithm) {
      key = dns::TsigKey{dns::Name("acmed"), *algorithm, Secret("secret")};
      settings.tsig = config::Tsig{"acmed", *algorithm, Secret("secret")};
    }
    configured_.zones = {"example.test"};
    configured_.settings = std::move(settings);
    primary_.emplace(loop_, "127.0.1.1", dns::Name("example.test"), key);
  }

  Loop& loop() override { return loop_; }
  std::unique_ptr<Provider> make_provider() override {
    return providers::make_provider(configured_, loop_, discovery_);
  }
  dns::Name zone() override { return dns::Name("example.test"); }
  std::set<std::string> values_at(const dns::Name& name) override { return primary_->values[name]; }
  void put(const dns::Name& name, const std::string& value) override { primary_->values[name].insert(value); }

 private:
  Loop loop_;
  dns::Discovery discovery_{loop_, {*dns::Endpoint::parse("127.0.1.7")}};
  std::optional<FakePrimary> primary_;
  config::Provider configured_;
};

}  // namespace

SCENARIO("rfc2136 does what every provider must, without a key") {
  Rfc2136Stage stage(std::nullopt);
  check_conformance(stage);
}

SCENARIO("rfc2136 does what every provider must, with a key") {
  Rfc2136Stage stage(crypto::Digest::sha256);
  check_conformance(stage);
}

SCENARIO("rfc2136 does what every provider must, with a key that ldns could not use") {
  Rfc2136Stage stage(crypto::Digest::sha384);
  check_conformance(stage);
}
