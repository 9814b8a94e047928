// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"

namespace acmed::renew {

/// So many at once, and one more after each `window` / `most`: a token bucket, as Let's Encrypt counts.
struct Limit {
  unsigned most = 1;
  Duration window{};

  Duration interval() const { return window / most; }
};

/// What a CA has published about its limits, or was configured of them; nothing where it is not known.
struct PublishedLimits {
  std::string ca = {};                   ///< how it calls itself
  std::optional<Limit> orders = {};      ///< of an account
  std::optional<Limit> same_names = {};  ///< certificates for exactly the same names, of all accounts
  std::optional<Limit> domain = {};      ///< certificates for names of a registered domain, of all accounts
  std::optional<Limit> failures = {};    ///< failed authorizations for a name, of an account
  std::optional<Limit> requests = {};    ///< from one address: the burst, and how long it takes to be allowed anew
  /// A certificate that replaces another within the window that the CA suggested counts against none of them (RFC 9773
  /// §5), and one for exactly the names of another neither against `orders` nor against `domain`.
  bool favours_renewals = false;
};

/// Of the CA with that directory; nothing published for one that is not known.
const PublishedLimits& published_limits(std::string_view directory_url);

}  // namespace acmed::renew
