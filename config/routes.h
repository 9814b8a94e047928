// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace acmed::config {

/// A name and all below it are served by that provider.
struct Route {
  std::string zone;                    ///< A-labels in lower case, without the final dot
  std::string provider;                ///< its name in the configuration
  bool by_alias = false;               ///< by way of aliases into the provider's zones ("delegated")
  bool holds_only_challenges = false;  ///< nothing else is in that zone, so that an alias into it is meant for them
};

/// Which provider serves which name: the one rule for --check and for the work itself.
class Routes {
 public:
  Routes() = default;
  explicit Routes(std::vector<Route> routes);

  /// Of two routes for one zone the first counts.
  void add(Route route);

  /// The route of the longest zone that `name` is in or equal to; null when none serves it. `name` is written as zones
  /// are.
  const Route* find(std::string_view name) const;

 private:
  std::map<std::string, Route, std::less<>> by_zone_;
};

}  // namespace acmed::config
