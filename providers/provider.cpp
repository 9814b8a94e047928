// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <string_view>

#include "providers/kit/name_list.h"
#include "providers/provider.h"

namespace acmed::providers {
namespace {

constexpr std::size_t longest_sentence = 1500;  // octets, of the 2 KiB that an Error may say: contexts come before it

bool is_of_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

/// Whether `name` stands whole at `from`, rather than as a part of a longer name.
bool stands_whole(std::string_view text, std::size_t from, std::size_t size) {
  if (from > 0 && (is_of_name(text[from - 1]) || text[from - 1] == '.')) return false;
  const auto rest = text.substr(from + size);
  if (rest.empty()) return true;
  return rest.front() == '.' ? rest.size() == 1 || !is_of_name(rest[1]) : !is_of_name(rest.front());
}

/// What stands between the places at which `text` mentions `name`.
std::vector<std::string> around(std::string_view text, std::string_view name) {
  std::vector<std::string> pieces(1);
  for (std::size_t at = 0; at < text.size();) {
    if (!name.empty() && text.substr(at).starts_with(name) && stands_whole(text, at, name.size())) {
      pieces.emplace_back();
      at += name.size();
    } else {
      pieces.back() += text[at++];
    }
  }
  return pieces;
}

/// One sentence for each reason: those that differ in nothing but the name that they are about are said once, with the
/// names listed where it stands first.
std::vector<std::string> sentences(const std::map<dns::Name, Error>& failures) {
  struct Reason {
    std::vector<std::string> pieces;
    std::vector<dns::Name> names;
  };
  std::vector<Reason> reasons;
  std::map<std::vector<std::string>, std::size_t> known;
  for (const auto& [name, failure] : failures) {
    auto pieces = around(failure.what(), name.text());
    const auto [at, is_new] = known.emplace(pieces, reasons.size());
    if (is_new) reasons.push_back({std::move(pieces), {}});
    reasons[at->second].names.push_back(name);
  }
  std::vector<std::string> all;
  for (const auto& reason : reasons) {
    auto text = reason.pieces.front();
    for (std::size_t i = 1; i < reason.pieces.size(); ++i) {
      text += (i == 1 ? list_names(reason.names) : reason.names.front().text()) + reason.pieces[i];
    }
    all.push_back(std::move(text));
  }
  return all;
}

/// How many of `all` fit into one sentence; at least one.
std::size_t fitting(const std::vector<std::string>& all) {
  std::size_t size = 0;
  std::size_t count = 0;
  for (const auto& each : all) {
    size += each.size();
    if (count > 0 && size > longest_sentence) break;
    ++count;
  }
  return count;
}

std::string sentence(const std::map<dns::Name, Error>& failures) {
  const auto all = sentences(failures);
  const auto said = fitting(all);
  auto text = fmt::format("{}", fmt::join(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(said), "; "));
  if (said < all.size()) text += fmt::format("; and {} more of the kind", all.size() - said);
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

std::vector<std::string> SomeFailed::left_out() const {
  auto all = sentences(failures_);
  all.erase(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(fitting(all)));
  return all;
}

std::exception_ptr SomeFailed::in_context(Party party, const std::string& context) const {
  std::map<dns::Name, Error> failures;
  for (const auto& [name, failure] : failures_) failures.emplace(name, failure.said_in(party, context));
  return std::make_exception_ptr(SomeFailed(std::move(failures)));
}

}  // namespace acmed::providers
