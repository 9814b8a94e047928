// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/secret.h"

namespace acmed {

/// Secrets to be struck from texts.
class SecretList {
 public:
  /// Adds each line of `secret` separately: a PEM key, say, is shown line by line. Skips known lines and lines of fewer
  /// than four octets. With `most` lines in the list, the oldest makes room.
  void add(const Secret& secret, std::size_t most);

  /// `text` with "***" in place of each secret.
  std::string struck_from(std::string_view text) const;

 private:
  std::vector<Secret> lines_;  ///< oldest first
};

/// From now on no Error and no log line shows `secret`. May be called from any thread. Keeps the latest 4096 lines, so
/// that a daemon whose secrets change for years does not grow.
void keep_out_of_texts(const Secret& secret);

/// `text` without the secrets passed to keep_out_of_texts(). May be called from any thread.
std::string without_known_secrets(std::string_view text);

/// `text` made fit to show to people: one line (base/foreign_text.h), without known secrets, cut after `limit` octets.
std::string fit_to_show(std::string_view text, std::size_t limit);

}  // namespace acmed
