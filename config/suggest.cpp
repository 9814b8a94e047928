// SPDX-License-Identifier: Apache-2.0
#include "config/suggest.h"

#include <algorithm>

namespace acmed::config {
namespace {

/// The number of insertions, deletions, changes and swaps of neighbours that turn one word into the other.
std::size_t slips_between(std::string_view a, std::string_view b) {
  std::vector<std::vector<std::size_t>> slips(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) {
    for (std::size_t j = 0; j <= b.size(); ++j) {
      if (i == 0 || j == 0) {
        slips[i][j] = i + j;
        continue;
      }
      const std::size_t change = a[i - 1] == b[j - 1] ? 0 : 1;
      slips[i][j] = std::min({slips[i - 1][j] + 1, slips[i][j - 1] + 1, slips[i - 1][j - 1] + change});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        slips[i][j] = std::min(slips[i][j], slips[i - 2][j - 2] + 1);
      }
    }
  }
  return slips[a.size()][b.size()];
}

}  // namespace

std::string did_you_mean(std::string_view word, const std::vector<std::string>& candidates) {
  // A third of the letters may differ: "zone" is "zones", but "host" is not "mode".
  constexpr std::size_t longest_word = 64;
  if (word.size() > longest_word) return {};
  std::size_t fewest = std::max<std::size_t>(1, word.size() / 3) + 1;
  std::string best;
  for (const auto& candidate : candidates) {
    const auto slips = slips_between(word, candidate);
    if (slips >= fewest) continue;
    fewest = slips;
    best = candidate;
  }
  return best.empty() ? std::string() : "; did you mean " + best + "?";
}

std::string listed(const std::vector<std::string>& words, std::string_view last_joint) {
  std::string result;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0) result += i + 1 == words.size() ? " " + std::string(last_joint) + " " : ", ";
    result += words[i];
  }
  return result;
}

}  // namespace acmed::config
