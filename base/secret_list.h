// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/secret.h"

namespace acmed {

/// Secrets that are to be struck out of texts.
class SecretList {
 public:
  /// Adds each line of `secret`: a key in PEM, say, is shown line by line. What is in the list already, and lines of
  /// less than four octets, are passed over. With `most` lines in the list the oldest makes room.
  void add(const Secret& secret, std::size_t most);

  /// `text` with "***" in the place of each secret.
  std::string struck_from(std::string_view text) const;

 private:
  std::vector<Secret> lines_;  ///< in the order in which they came
};

/// From now on no Error and no log line shows `secret`. May be called from any thread. The last 4096 lines are kept, so
/// that a daemon whose secrets change for years does not grow.
void keep_out_of_texts(const Secret& secret);

/// `text` without the secrets that keep_out_of_texts() was told of. May be called from any thread.
std::string without_known_secrets(std::string_view text);

/// `text` made fit to be shown to people: in one line (base/foreign_text.h), without the known secrets, cut after
/// `limit` octets.
std::string fit_to_show(std::string_view text, std::size_t limit);

}  // namespace acmed
