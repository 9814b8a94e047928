// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/format.h>

#include "base/runtime/scope.h"
#include "providers/route53/route53.h"
#include "tests/unit/dns/fake_name_server.h"
#include "tests/unit/outcome.h"
#include "tests/unit/providers/route53/fake_route53.h"

namespace acmed::providers::route53 {

/// A provider in front of a fake of Route 53, on a clock that moves by itself when nothing else is to be done.
struct Scene {
  VirtualClock clock{std::chrono::sys_days(std::chrono::year(2026) / 11 / 22)};
  Time start = clock.now();
  Loop loop{clock};
  FakeRoute53 aws;
  dns::fake::NameServer resolver{loop, "127.0.1.7"};
  dns::Discovery discovery{loop, {resolver.endpoint()}, dns::fake::port()};
  config::Provider configured;
  config::Route53 settings;
  std::map<std::string, std::string> variables{{"AWS_EC2_METADATA_DISABLED", "true"}};

  Scene() {
    configured.name = "aws";
    configured.zones = {"example.test"};
    settings.url = aws.url();
    settings.sts_url = aws.url();
    settings.region = settings.sts_region = "us-east-1";
    settings.partition = "aws";
    settings.key = config::AwsKey{"AKIDEXAMPLE", Secret("secret-key"), Secret()};
  }

  Environment environment() const {
    return [this](const std::string& name) {
      const auto found = variables.find(name);
      return found == variables.end() ? std::string() : found->second;
    };
  }

  std::unique_ptr<Route53> make_provider() {
    return std::make_unique<Route53>(configured, settings, loop, discovery, environment());
  }

  /// "made", or "ADVICE CAUSE SENTENCE".
  template <class T>
  std::string outcome(Task<T> task) {
    return outcome_of([&] { run(loop, std::move(task)); });
  }

  Duration passed() const { return clock.now() - start; }
};

inline const Zone example_zone{dns::Name("example.test"), "Z1"};
inline const dns::Name challenge("_acme-challenge.example.test");

inline dns::Name name_at(int i) {
  return dns::Name(fmt::format("_acme-challenge.h{}.example.test", i));
}
inline TxtChange addition(const dns::Name& name, const std::string& value) {
  return {Action::add, name, value, std::chrono::seconds(60)};
}
inline TxtChange removal(const dns::Name& name, const std::string& value) {
  return {Action::remove, name, value, {}};
}

}  // namespace acmed::providers::route53
