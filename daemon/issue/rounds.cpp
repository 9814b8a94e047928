// SPDX-License-Identifier: Apache-2.0
#include "daemon/issue/rounds.h"

#include <map>

namespace acmed::issue {

std::vector<std::vector<std::size_t>> rounds_of(const std::vector<ZoneValue>& values,
                                                const std::function<std::size_t(const std::string& provider)>& most) {
  std::vector<std::vector<std::size_t>> rounds;
  // For each name, its values in the order in which they came.
  std::map<std::pair<std::string, dns::Name>, std::map<std::string, std::size_t>> at_names;
  for (std::size_t i = 0; i < values.size(); ++i) {
    auto& at_name = at_names[{values[i].provider, values[i].name}];
    const auto place = at_name.emplace(values[i].value, at_name.size()).first->second;
    const auto round = place / most(values[i].provider);
    if (rounds.size() <= round) rounds.resize(round + 1);
    rounds[round].push_back(i);
  }
  return rounds;
}

}  // namespace acmed::issue
