// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/secret_list.h"

namespace acmed::providers {

/// Makes what a program or a server wrote fit to be shown: cleaned and cut (base/foreign_text.h), and with "***" in the
/// place of the secrets that it was given, since some repeat what they were told.
class ForeignWords {
 public:
  explicit ForeignWords(const std::vector<Secret>& secrets);

  /// In one line of at most `limit` octets.
  std::string line(std::string_view text, std::size_t limit) const;
  /// Line by line.
  std::vector<std::string> lines(std::string_view text, std::size_t limit) const;
  /// Its last lines in one, for a sentence.
  std::string last(std::string_view text, std::size_t limit) const;

 private:
  SecretList secrets_;
};

}  // namespace acmed::providers
