// SPDX-License-Identifier: Apache-2.0
#include "daemon/renew/published_limits.h"

#include <algorithm>
#include <array>
#include <utility>

namespace acmed::renew {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Duration week = hours(24 * 7);

/// The figures of CAs whose directory URL is known (config/cas.cpp). A CA that is not here has published none that are
/// known to us: what it limits is learned from what it says.
const std::array<std::pair<std::string_view, PublishedLimits>, 2> published = {{
    // letsencrypt.org/docs/rate-limits, 5 August 2026. 250 requests a second, 125 at once.
    {"https://acme-v02.api.letsencrypt.org/directory",
     {.ca = "Let's Encrypt",
      .orders = Limit{300, hours(3)},
      .same_names = Limit{5, week},
      .domain = Limit{50, week},
      .failures = Limit{5, hours(1)},
      .requests = Limit{125, milliseconds(500)},
      .favours_renewals = true}},
    // letsencrypt.org/docs/staging-environment. 20 requests a second, 20 at once.
    {"https://acme-staging-v02.api.letsencrypt.org/directory",
     {.ca = "Let's Encrypt (staging)",
      .orders = Limit{1500, hours(3)},
      .failures = Limit{200, hours(1)},
      .requests = Limit{20, seconds(1)},
      .favours_renewals = true}},
}};

}  // namespace

const PublishedLimits& published_limits(std::string_view directory_url) {
  static const PublishedLimits none;
  const auto found = std::ranges::find(published, directory_url, &std::pair<std::string_view, PublishedLimits>::first);
  return found == published.end() ? none : found->second;
}

}  // namespace acmed::renew
