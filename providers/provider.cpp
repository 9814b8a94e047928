// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "providers/provider.h"

namespace acmed::providers {
namespace {

constexpr std::size_t most_sentences = 4;

/// Sentences that are the same for several names are said once.
std::string sentence(const std::map<dns::Name, Error>& failures) {
  std::vector<std::string> sentences;
  for (const auto& [name, failure] : failures) {
    if (std::ranges::find(sentences, failure.what()) == sentences.end()) sentences.emplace_back(failure.what());
  }
  const auto said = std::min(sentences.size(), most_sentences);
  auto text =
      fmt::format("{}", fmt::join(sentences.begin(), sentences.begin() + static_cast<std::ptrdiff_t>(said), "; "));
  if (said < sentences.size()) text += fmt::format("; and {} more of the kind", sentences.size() - said);
  return text;
}

/// One error for all: a limit that was hit binds all, and what may pass by itself is worth a try soon.
Error together(const std::map<dns::Name, Error>& failures) {
  const auto hopeful = [](const auto& entry) {
    switch (entry.second.advice()) {
      case Error::Advice::throttled:
        return 2;
      case Error::Advice::retry:
        return 1;
      case Error::Advice::refused:
        break;
    }
    return 0;
  };
  const auto& first = std::ranges::max_element(failures, {}, hopeful)->second;
  std::optional<Time> not_before;
  for (const auto& [name, failure] : failures) not_before = std::max(not_before, failure.not_before());
  return {first.advice(), first.cause(), sentence(failures), not_before, first.party()};
}

}  // namespace

SomeFailed::SomeFailed(std::map<dns::Name, Error> failures)
    : Error(together(failures)), failures_(std::move(failures)) {}

std::exception_ptr SomeFailed::among(const std::set<dns::Name>& names) const {
  auto theirs = failures_;
  std::erase_if(theirs, [&names](const auto& entry) { return !names.contains(entry.first); });
  if (theirs.empty()) return nullptr;
  return std::make_exception_ptr(SomeFailed(std::move(theirs)));
}

std::exception_ptr SomeFailed::in_context(Party party, const std::string& context) const {
  std::map<dns::Name, Error> failures;
  for (const auto& [name, failure] : failures_) failures.emplace(name, failure.said_in(party, context));
  return std::make_exception_ptr(SomeFailed(std::move(failures)));
}

}  // namespace acmed::providers
