// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "base/runtime/scope.h"
#include "providers/cloudflare/cloudflare.h"
#include "tests/unit/outcome.h"
#include "tests/unit/providers/cloudflare/fake_cloudflare.h"

namespace acmed::providers {

/// A provider named "cf" and its fake Cloudflare, with the zone example.test.
struct CloudflareScene {
  VirtualClock clock{std::chrono::sys_days(std::chrono::year(2026) / 11 / 22)};
  Loop loop{clock};
  FakeCloudflare fake;
  config::Cloudflare settings{Secret("the-token"), std::nullopt, {}, fake.url(), {}};
  std::vector<std::string> zones{"example.test"};

  /// As after a start of acmed, with the settings as they are by then.
  std::unique_ptr<Cloudflare> provider() { return std::make_unique<Cloudflare>("cf", zones, settings, loop); }

  std::string apply(Provider& to, std::vector<TxtChange> changes) {
    return outcome_of([&] {
      run(loop, to.apply({dns::Name("example.test"), FakeCloudflare::id(1)}, std::move(changes)));
    });
  }

  /// "APEX ID", "none", or how it failed.
  std::string zone_of(Provider& of, const std::string& name) {
    std::string found;
    const auto how = outcome_of([&] {
      const auto zone = run(loop, of.zone_of(dns::Name(name)));
      found = zone ? zone->apex.text() + " " + zone->id : "none";
    });
    return how == "made" ? found : how;
  }
};

}  // namespace acmed::providers
