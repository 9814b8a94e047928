// SPDX-License-Identifier: Apache-2.0
#include "providers/kit/foreign_words.h"

#include "base/foreign_text.h"

namespace acmed::providers {
namespace {

constexpr std::size_t most_secrets = 1000;

}  // namespace

ForeignWords::ForeignWords(const std::vector<Secret>& secrets) {
  for (const auto& secret : secrets) secrets_.add(secret, most_secrets);
}

std::string ForeignWords::line(std::string_view text, std::size_t limit) const {
  return one_line(secrets_.struck_from(text), limit);
}

std::vector<std::string> ForeignWords::lines(std::string_view text, std::size_t limit) const {
  return lines_of(secrets_.struck_from(text), limit);
}

std::string ForeignWords::last(std::string_view text, std::size_t limit) const {
  return last_words(secrets_.struck_from(text), limit);
}

}  // namespace acmed::providers
