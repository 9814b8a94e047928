// SPDX-License-Identifier: Apache-2.0
#include "providers/named.h"

#include "base/runtime/scope.h"
#include "tests/unit/catch.h"

namespace acmed::providers {
namespace {

const dns::Name a("a.test");
const dns::Name b("b.test");

/// Fails with whatever it is given.
class Failing final : public Provider {
 public:
  explicit Failing(std::exception_ptr failure) : failure_(std::move(failure)) {}

  Task<std::optional<Zone>> zone_of(dns::Name) override {
    std::rethrow_exception(failure_);
    co_return std::nullopt;
  }
  Task<> apply(Zone, std::vector<TxtChange>) override {
    std::rethrow_exception(failure_);
    co_return;
  }
  Task<std::optional<std::string>> check_credentials() override { co_return "its token ends soon"; }
  void check_ready() override { std::rethrow_exception(failure_); }

 private:
  std::exception_ptr failure_;
};

struct Scene {
  Loop loop;
  std::unique_ptr<Provider> provider;

  template <class Failure>
  explicit Scene(Failure failure)
      : provider(std::make_unique<Named>("here", std::make_unique<Failing>(std::make_exception_ptr(failure)))) {}
};

}  // namespace

SCENARIO("a provider's failure says which one failed, and stays what it is") {
  Scene scene(Throttled("http:429", "too many", Time{} + Duration(7)));
  try {
    run(scene.loop, scene.provider->zone_of(a));
    FAIL("nothing was thrown");
  } catch (const Throttled& error) {
    CHECK(std::string(error.what()) == "provider here: too many");
    CHECK(error.cause() == "http:429");
    CHECK(error.not_before() == Time{} + Duration(7));
    CHECK(error.party() == Party::dns_operator);
  }
}

SCENARIO("whom a failure is about stays, where it was said") {
  Scene scene(Error(Error::Advice::refused, "process:start", "there is no file", std::nullopt, Party::host));
  try {
    run(scene.loop, scene.provider->zone_of(a));
    FAIL("nothing was thrown");
  } catch (const Refused& error) {
    CHECK(std::string(error.what()) == "provider here: there is no file");
    CHECK(error.party() == Party::host);
  }
  CHECK_THROWS_WITH(scene.provider->check_ready(), "provider here: there is no file");
}

SCENARIO("of failures of several names, each says which provider failed") {
  Scene scene(SomeFailed({{a, Refused("one", "a is forbidden")}, {b, Retry("two", "b is late")}}));
  try {
    run(scene.loop, scene.provider->apply({a, {}}, {}));
    FAIL("nothing was thrown");
  } catch (const SomeFailed& error) {
    CHECK(std::string(error.what()) == "provider here: a is forbidden; provider here: b is late");
    CHECK_THROWS_WITH(std::rethrow_exception(error.among({b})), "provider here: b is late");
    CHECK(error.party() == Party::dns_operator);
  }
}

SCENARIO("a provider's warning says whose it is") {
  Scene scene(Retry("x", "y"));
  CHECK(run(scene.loop, scene.provider->check_credentials()) == "provider here: its token ends soon");
}

SCENARIO("a provider that is called off has not failed") {
  Scene scene{Cancelled()};
  CHECK_THROWS_AS(run(scene.loop, scene.provider->apply({a, {}}, {})), Cancelled);
}

}  // namespace acmed::providers
