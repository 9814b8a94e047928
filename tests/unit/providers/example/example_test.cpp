// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/providers/example/example.h"

#include "base/runtime/scope.h"
#include "tests/unit/catch.h"
#include "tests/unit/providers/conformance.h"
#include "tests/unit/providers/example/fake_example.h"

using namespace acmed;
using namespace acmed::providers;
using namespace std::chrono_literals;
using Catch::Contains;
using Calls = std::vector<std::string>;
using Values = std::set<std::string>;

namespace {

const dns::Name challenge("_acme-challenge.example.test");
const dns::Name other("_acme-challenge.www.example.test");

class ExampleStage final : public Stage {
 public:
  Loop& loop() override { return loop_; }
  std::unique_ptr<Provider> make_provider() override { return make_example({fake_.url(), Secret("the-token")}, loop_); }
  dns::Name zone() override { return dns::Name("example.test"); }
  Values values_at(const dns::Name& name) override { return fake_.values_at(name.text()); }
  void put(const dns::Name& name, const std::string& value) override { fake_.put(name.text(), value); }
  bool fault(Fault fault) override {
    if (fault == Fault::credentials) fake_.token = "another";
    if (fault == Fault::throttled) fake_.instead = test::answer("429 Too Many", "Retry-After: 60\r\n", "slowly");
    if (fault == Fault::garbage) fake_.instead = test::answer("200 OK", "", "<html>It works!</html>");
    return fault != Fault::silent;
  }
  void heal() override {
    fake_.token = "the-token";
    fake_.instead.reset();
  }

 private:
  Loop loop_;
  FakeExample fake_;
};

struct Scene {
  Loop loop;
  FakeExample fake;
  std::unique_ptr<Provider> provider = make_example({fake.url(), Secret("the-token")}, loop);

  void apply(std::vector<TxtChange> changes) {
    run(loop, provider->apply({dns::Name("example.test"), "z1"}, std::move(changes)));
  }
};

TxtChange add(const dns::Name& name, const std::string& value) {
  return {Action::add, name, value, 60s};
}
TxtChange remove(const dns::Name& name, const std::string& value) {
  return {Action::remove, name, value, {}};
}

}  // namespace

SCENARIO("the example operator does what every provider must") {
  ExampleStage stage;
  check_conformance(stage);
}

SCENARIO("an operator without batches is asked once for each record, and for no id that it told") {
  Scene scene;
  scene.apply({add(challenge, "one"), add(other, "two")});
  scene.apply({remove(challenge, "one"), remove(other, "two")});
  CHECK(scene.fake.calls == Calls{"POST /zones/z1/records", "POST /zones/z1/records", "DELETE /zones/z1/records/r1",
                                  "DELETE /zones/z1/records/r2"});
  CHECK(scene.fake.records.empty());
}

SCENARIO("a record that the example operator refuses does not keep the others back") {
  Scene scene;
  scene.fake.denied = {challenge.text()};
  try {
    scene.apply({add(challenge, "one"), add(other, "two")});
    FAIL("it succeeded");
  } catch (const SomeFailed& failed) {
    CHECK(failed.cause() == "http:422");
    CHECK(failed.what() ==
          std::string("Example DNS refuses TXT at _acme-challenge.example.test: a CNAME stands there"));
    CHECK(failed.among({other}) == nullptr);
  }
  CHECK(scene.fake.values_at(other.text()) == Values{"two"});
}

SCENARIO("the example operator's token is never repeated") {
  Scene scene;
  scene.fake.instead = test::answer("400 Bad", "", "you sent the-token");
  CHECK_THROWS_WITH(scene.apply({add(challenge, "one")}), Contains("you sent ***") && !Contains("the-token"));
}
