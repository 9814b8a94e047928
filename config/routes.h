// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace acmed::config {

/// A provider serves this name and everything below it.
struct Route {
  std::string zone;                    ///< A-labels in lower case, without the final dot
  std::string provider;                ///< its name in the configuration
  bool by_alias = false;               ///< through aliases into the provider's zones ("delegated")
  bool holds_only_challenges = false;  ///< nothing else is in the zone: an alias into it is meant for challenges
};

/// Which provider serves which name: one rule for both --check and the actual work.
class Routes {
 public:
  Routes() = default;
  explicit Routes(std::vector<Route> routes);

  /// If two routes name the same zone, the first one counts.
  void add(Route route);

  /// The route with the longest zone that `name` is equal to or below; null when none serves it. `name` is written like
  /// the zones.
  const Route* find(std::string_view name) const;

 private:
  std::map<std::string, Route, std::less<>> by_zone_;
};

}  // namespace acmed::config
