// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "base/runtime/scope.h"
#include "providers/cloudflare/cloudflare.h"
#include "tests/unit/providers/cloudflare/fake_cloudflare.h"

namespace acmed::providers {

/// A provider named "cf" and its fake Cloudflare, with the zone example.test.
struct CloudflareScene {
  Loop loop;
  FakeCloudflare fake;
  config::Cloudflare settings{Secret("the-token"), std::nullopt, {}, fake.url(), {}};
  std::vector<std::string> zones{"example.test"};

  /// As after a start of acmed, with the settings as they are by then.
  std::unique_ptr<Cloudflare> provider() { return std::make_unique<Cloudflare>("cf", zones, settings, loop); }

  /// "ok", or how it failed: "refused CAUSE SENTENCE".
  template <class Call>
  static std::string outcome(Call call) {
    try {
      call();
      return "ok";
    } catch (const Error& error) {
      const auto* advice = error.advice() == Error::Advice::refused ? "refused "
                           : error.advice() == Error::Advice::retry ? "retry "
                                                                    : "throttled ";
      return advice + error.cause() + " " + error.what();
    }
  }

  std::string apply(Provider& to, std::vector<TxtChange> changes) {
    return outcome([&] {
      run(loop, to.apply({dns::Name("example.test"), FakeCloudflare::id(1)}, std::move(changes)));
    });
  }

  /// "APEX ID", "none", or how it failed.
  std::string zone_of(Provider& of, const std::string& name) {
    std::string found;
    const auto how = outcome([&] {
      const auto zone = run(loop, of.zone_of(dns::Name(name)));
      found = zone ? zone->apex.text() + " " + zone->id : "none";
    });
    return how == "ok" ? found : how;
  }
};

}  // namespace acmed::providers
