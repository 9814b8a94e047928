// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/providers/conformance.h"

#include <fmt/format.h>

#include "base/crypto/digest.h"
#include "base/crypto/encoding.h"
#include "base/runtime/scope.h"
#include "tests/unit/catch.h"

namespace acmed::providers {
namespace {

using Values = std::set<std::string>;
using namespace std::chrono_literals;

// Longer than any provider waits for an answer.
constexpr Duration patience = 90s;

/// As a CA's challenge gives them (RFC 8555 §8.4): the value differs with `of`.
std::string value(const std::string& of) {
  return crypto::base64url(crypto::sha256(of));
}

/// Names that no other run used: what foreign values a run leaves at them is nobody's concern.
dns::Name fresh_name(const dns::Name& zone, const std::string& label) {
  static int runs = 0;
  return dns::Name(fmt::format("_acme-challenge.{}{}.{}", label, runs++, zone.text()));
}

TxtChange add(const dns::Name& name, const std::string& text) {
  return {Action::add, name, text, 60s};
}

TxtChange remove(const dns::Name& name, const std::string& text) {
  return {Action::remove, name, text, {}};
}

Task<> find_and_apply(Provider* provider, std::vector<TxtChange> changes) {
  const auto zone = co_await provider->zone_of(changes.front().name);
  if (!zone) throw Refused("test:no-zone", "the provider does not know its zone");
  co_await provider->apply(*zone, std::move(changes));
}

void apply(Stage& stage, Provider& provider, std::vector<TxtChange> changes) {
  run(stage.loop(), find_and_apply(&provider, std::move(changes)));
}

/// What became of a call under a fault.
struct Outcome {
  std::optional<Error::Advice> advice;  ///< none: it succeeded
  std::string sentence;
};

Outcome outcome_of(Stage& stage, std::vector<TxtChange> changes) {
  const auto provider = stage.make_provider();
  try {
    const bool ended = run(stage.loop(), within(patience, find_and_apply(provider.get(), std::move(changes))));
    if (!ended) return {std::nullopt, "it waits for ever"};
    return {std::nullopt, "it succeeded"};
  } catch (const Error& error) {
    return {error.advice(), error.what()};
  }
}

/// Begins the fault. Says so when the operator has none of the kind: then the scenario shows nothing.
bool begins(Stage& stage, Fault fault, const char* kind) {
  if (stage.fault(fault)) return true;
  WARN("skipped: this operator has no fault \"" << kind << '"');
  return false;
}

}  // namespace

void check_conformance(Stage& stage) {
  const auto provider = stage.make_provider();
  const auto challenge = fresh_name(stage.zone(), "a");
  const auto other = fresh_name(stage.zone(), "b");
  const auto one = value("one");
  const auto two = value("two");
  const auto three = value("three");
  const auto others = stage.has_others() ? Values{"somebody-elses"} : Values{};
  const auto with_others = [&others](Values values) {
    values.insert(others.begin(), others.end());
    return values;
  };

  WHEN("the zone of a name is asked for") {
    CHECK(run(stage.loop(), provider->zone_of(other)).value().apex == stage.zone());
    CHECK_FALSE(run(stage.loop(), provider->zone_of(dns::Name("_acme-challenge.elsewhere.invalid"))));
  }
  WHEN("values are added") {
    for (const auto& foreign : others) stage.put(challenge, foreign);
    apply(stage, *provider, {add(challenge, one), add(challenge, two), add(other, three)});
    CHECK(stage.values_at(challenge) == with_others({one, two}));
    CHECK(stage.values_at(other) == Values{three});
    THEN("adding them again changes nothing") {
      apply(stage, *provider, {add(challenge, one), add(challenge, two)});
      CHECK(stage.values_at(challenge) == with_others({one, two}));
    }
    THEN("each is removed alone, and foreign ones stay") {
      apply(stage, *provider, {remove(challenge, one)});
      CHECK(stage.values_at(challenge) == with_others({two}));
      apply(stage, *provider, {remove(challenge, one)});
      CHECK(stage.values_at(challenge) == with_others({two}));
      apply(stage, *provider, {remove(challenge, two), remove(other, three)});
      CHECK(stage.values_at(challenge) == others);
      CHECK(stage.values_at(other).empty());
    }
    THEN("one can be replaced by another in one call") {
      const auto newer = value("newer");
      apply(stage, *provider, {remove(challenge, one), add(challenge, newer)});
      CHECK(stage.values_at(challenge) == with_others({newer, two}));
    }
    THEN("after a crash they are removed by a provider that knows nothing of them, and foreign ones stay") {
      const auto later = stage.make_provider();
      apply(stage, *later, {remove(challenge, one), remove(challenge, two), remove(other, three)});
      CHECK(stage.values_at(challenge) == others);
      CHECK(stage.values_at(other).empty());
    }
    THEN("after a crash they are added again and then removed") {
      const auto later = stage.make_provider();
      apply(stage, *later, {add(challenge, one), add(challenge, two), add(other, three)});
      CHECK(stage.values_at(challenge) == with_others({one, two}));
      apply(stage, *later, {remove(challenge, one), remove(challenge, two), remove(other, three)});
      CHECK(stage.values_at(challenge) == others);
    }
  }
  WHEN("what was never added is removed") {
    apply(stage, *provider, {remove(challenge, one)});
    CHECK(stage.values_at(challenge).empty());
  }
  WHEN("a value has every character that a syntax might mind") {
    const std::string odd = R"(a "quoted"; \value\032 $x=y)";
    apply(stage, *provider, {add(challenge, odd)});
    CHECK(stage.values_at(challenge) == Values{odd});
    apply(stage, *provider, {remove(challenge, odd)});
    CHECK(stage.values_at(challenge).empty());
  }
  WHEN("a value has 255 octets") {
    const std::string longest(255, 'x');
    apply(stage, *provider, {add(challenge, longest)});
    CHECK(stage.values_at(challenge) == Values{longest});
    apply(stage, *provider, {remove(challenge, longest)});
    CHECK(stage.values_at(challenge).empty());
  }
  WHEN("a hundred names are changed in one call") {
    std::vector<TxtChange> adds;
    std::vector<TxtChange> removals;
    for (int i = 0; i < 100; ++i) {
      const auto name = fresh_name(stage.zone(), "h");
      adds.push_back(add(name, value(std::to_string(i))));
      removals.push_back(remove(name, value(std::to_string(i))));
    }
    apply(stage, *provider, adds);
    CHECK(stage.values_at(adds.front().name) == Values{adds.front().value});
    CHECK(stage.values_at(adds.back().name) == Values{adds.back().value});
    apply(stage, *provider, removals);
    CHECK(stage.values_at(adds.front().name).empty());
    CHECK(stage.values_at(adds.back().name).empty());
  }
  WHEN("the credentials are wrong") {
    if (begins(stage, Fault::credentials, "credentials")) {
      const auto outcome = outcome_of(stage, {add(challenge, one)});
      INFO(outcome.sentence);
      CHECK(outcome.advice == Error::Advice::refused);
      stage.heal();
      CHECK(stage.values_at(challenge).empty());
    }
  }
  WHEN("the operator wants fewer calls") {
    if (begins(stage, Fault::throttled, "throttled")) {
      const auto outcome = outcome_of(stage, {add(challenge, one)});
      INFO(outcome.sentence);
      CHECK(outcome.advice.has_value());
      CHECK(outcome.advice != Error::Advice::refused);
      stage.heal();
    }
  }
  WHEN("answers are nonsense") {
    if (begins(stage, Fault::garbage, "garbage")) {
      const auto outcome = outcome_of(stage, {add(challenge, one)});
      INFO(outcome.sentence);
      CHECK(outcome.advice == Error::Advice::retry);
      stage.heal();
    }
  }
  WHEN("no answer comes") {
    if (begins(stage, Fault::silent, "silent")) {
      const auto outcome = outcome_of(stage, {add(challenge, one)});
      INFO(outcome.sentence);
      CHECK(outcome.advice == Error::Advice::retry);
      stage.heal();
      THEN("the same can be asked for again, and be removed") {
        const auto later = stage.make_provider();
        apply(stage, *later, {add(challenge, one)});
        CHECK(stage.values_at(challenge) == Values{one});
        apply(stage, *later, {remove(challenge, one)});
        CHECK(stage.values_at(challenge).empty());
      }
    }
  }
  WHEN("a call is called off in the middle") {
    run(stage.loop(), provider->zone_of(challenge));
    if (begins(stage, Fault::silent, "silent")) {
      CHECK_FALSE(run(stage.loop(), within(500ms, find_and_apply(provider.get(), {add(challenge, one)}))));
      stage.heal();
      THEN("the same provider goes on, and what it did or did not do is removed") {
        apply(stage, *provider, {add(challenge, one), add(other, two)});
        CHECK(stage.values_at(challenge) == Values{one});
        apply(stage, *provider, {remove(challenge, one), remove(other, two)});
        CHECK(stage.values_at(challenge).empty());
        CHECK(stage.values_at(other).empty());
      }
    }
  }
}

}  // namespace acmed::providers
