// SPDX-License-Identifier: Apache-2.0
#include "base/runtime/sleep.h"
#include "tests/unit/catch.h"
#include "tests/unit/providers/route53/scene.h"

using namespace acmed;
using namespace acmed::providers;
using namespace acmed::providers::route53;
using Catch::StartsWith;
using namespace std::chrono_literals;

namespace {

Task<> await_all(Route53* provider, int count) {
  std::vector<Task<>> waits;
  for (int i = 0; i < count; ++i) waits.push_back(provider->await_published(example_zone));
  co_await when_all(std::move(waits));
}

Task<> call_off(Duration after, Task<> task, bool* called_off) {
  *called_off = !co_await within(after, std::move(task));
}

/// The first to wait, who asks for all, is called off.
Task<> await_with_one_called_off(Route53* provider, bool* called_off) {
  std::vector<Task<>> waits;
  waits.push_back(call_off(1500ms, provider->await_published(example_zone), called_off));
  waits.push_back(provider->await_published(example_zone));
  co_await when_all(std::move(waits));
}

Task<> failure_of(Task<> task, std::string* sentence) {
  try {
    co_await std::move(task);
  } catch (const Error& error) {
    *sentence = error.what();
  }
}

Task<> failures_of_two(Route53* provider, std::string* one, std::string* other) {
  std::vector<Task<>> waits;
  waits.push_back(failure_of(provider->await_published(example_zone), one));
  waits.push_back(failure_of(provider->await_published(example_zone), other));
  co_await when_all(std::move(waits));
}

}  // namespace

SCENARIO("changes are followed until they are in sync") {
  Scene scene;
  const auto provider = scene.make_provider();
  scene.aws.polls_until_sync = 5;
  run(scene.loop, provider->apply(example_zone, {addition(challenge, "one")}));

  WHEN("many wait") {
    run(scene.loop, await_all(provider.get(), 20));
    THEN("they share the questions, which become rarer") {
      CHECK(scene.aws.count("GetChange") == 5);
      CHECK(scene.passed() >= 5s);
      CHECK(scene.passed() < 10s);
    }
    THEN("nothing more is asked afterwards") {
      run(scene.loop, await_all(provider.get(), 2));
      CHECK(scene.aws.count("GetChange") == 5);
    }
  }
  WHEN("another change came before") {
    run(scene.loop, provider->apply(example_zone, {addition(challenge, "two")}));
    run(scene.loop, provider->await_published(example_zone));
    CHECK(scene.aws.count("GetChange") == 10);
  }
  WHEN("who asks for all is called off") {
    bool called_off = false;
    run(scene.loop, await_with_one_called_off(provider.get(), &called_off));
    CHECK(called_off);
    CHECK(scene.aws.count("GetChange") == 5);
  }
  WHEN("it takes for ever") {
    scene.aws.polls_until_sync = 1'000'000;
    run(scene.loop, provider->apply(example_zone, {addition(challenge, "two")}));
    CHECK_THAT(scene.outcome(provider->await_published(example_zone)),
               StartsWith("retry aws:PENDING the change of zone example.test (Z1) is not on all servers"));
    CHECK(scene.passed() >= 10min);
    CHECK(scene.passed() < 11min);
    CHECK(scene.aws.count("GetChange") < 150);  // every five seconds in the end
    THEN("it is given up for good") {
      CHECK(scene.outcome(provider->await_published(example_zone)) == "made");
    }
  }
  WHEN("Route 53 has forgotten the change") {
    scene.aws.answers["GetChange"].push_back(aws_error(404, "NoSuchChange", "Could not find resource"));
    CHECK(scene.outcome(provider->await_published(example_zone)) == "made");
    CHECK(scene.aws.count("GetChange") == 1);
  }
  WHEN("the question is not allowed") {
    scene.aws.answers["GetChange"].assign(10, aws_error(403, "AccessDenied", "no"));
    std::string one;
    std::string other;
    run(scene.loop, failures_of_two(provider.get(), &one, &other));
    CHECK_THAT(one, StartsWith("cannot ask whether the change of zone example.test (Z1) is on all servers: the "
                               "credentials of the configuration (access key AKIDEXAMPLE) may not do so: allow "
                               "route53:GetChange on arn:aws:route53:::change/* in their IAM policy"));
    CHECK(other == one);
    CHECK(scene.aws.count("GetChange") == 1);
  }
  WHEN("nothing was changed in a zone") {
    CHECK(scene.outcome(provider->await_published({dns::Name("other.test"), "Z2"})) == "made");
    CHECK(scene.aws.count("GetChange") == 0);
  }
}
