// SPDX-License-Identifier: Apache-2.0
#include "dns/laggards.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>

namespace acmed::dns {
namespace {

constexpr std::size_t most_laggards_named = 8;
constexpr std::string_view values_word = " values";  // ends what ServerReport::last_answer says of found values

/// For people: "a, b and 3 more".
std::string first_of_many(const std::vector<std::string>& texts, std::size_t most = most_laggards_named,
                          std::string_view between = ", ") {
  const auto named = std::min(texts.size(), most);
  const std::vector<std::string> first(texts.begin(), texts.begin() + static_cast<std::ptrdiff_t>(named));
  auto text = fmt::format("{}", fmt::join(first, between));
  if (named < texts.size()) text += fmt::format(" and {} more", texts.size() - named);
  return text;
}

std::string first_of_many(const std::vector<Name>& names, std::size_t most) {
  std::vector<std::string> texts;
  for (const auto& name : names) texts.push_back(name.text());
  return first_of_many(texts, most);
}

/// What servers said of these names, for people. Without names: of servers that could not be asked.
std::string said_of(const std::string& words, const std::vector<Name>& names) {
  if (names.empty()) return ": " + words;
  const auto of_names = first_of_many(names, 1);
  const auto found = words.find(values_word);
  if (found == std::string::npos) return fmt::format(" said for {}: {}", of_names, words);
  const auto end = found + values_word.size();
  return fmt::format(" had {} of {}{}", words.substr(0, end), of_names, words.substr(end));
}

}  // namespace

std::string laggards(const std::vector<ServerReport>& reports) {
  const bool all_passed_over = std::ranges::all_of(reports, &ServerReport::passed_over);
  bool all_without_authority = true;
  std::map<std::pair<std::string, std::string>, std::vector<Name>> names_of;  // by server and what it said
  for (const auto& report : reports) {
    all_without_authority = all_without_authority && report.last_answer == "not authoritative";
    const bool has_address = report.server.endpoint.has_address();
    if (report.ready || (report.passed_over && !all_passed_over)) continue;
    const auto beside = report.beside.empty() ? "" : ", beside " + report.beside;
    auto& names = names_of[{report.server.text(), report.last_answer + beside}];
    if (has_address) names.push_back(report.name);  // otherwise they do not matter
  }
  std::map<std::pair<std::string, std::vector<Name>>, std::vector<std::string>> servers_that_said;
  for (const auto& [key, names] : names_of) servers_that_said[{key.second, names}].push_back(key.first);

  std::vector<std::string> texts;
  for (const auto& [said, servers] : servers_that_said) {
    const auto& [words, names] = said;
    texts.push_back(first_of_many(servers) + said_of(words, names));
  }
  auto text = first_of_many(texts, most_laggards_named, "; ");
  if (all_without_authority) text += " (does something between this host and the DNS answer in their place?)";
  return text;
}

}  // namespace acmed::dns
