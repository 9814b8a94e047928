// SPDX-License-Identifier: Apache-2.0
#include "config/routes.h"

namespace acmed::config {

Routes::Routes(std::vector<Route> routes) {
  for (auto& route : routes) add(std::move(route));
}

void Routes::add(Route route) {
  auto zone = route.zone;
  by_zone_.emplace(std::move(zone), std::move(route));
}

const Route* Routes::find(std::string_view name) const {
  for (;;) {
    const auto found = by_zone_.find(name);
    if (found != by_zone_.end()) return &found->second;
    const auto dot = name.find('.');
    if (dot == name.npos) return nullptr;
    name.remove_prefix(dot + 1);
  }
}

}  // namespace acmed::config
