// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/secret.h"

namespace acmed {

/// Secrets to be struck from texts.
class SecretList {
 public:
  SecretList() = default;
  SecretList(const SecretList&) = delete;
  SecretList& operator=(const SecretList&) = delete;
  SecretList(SecretList&&) = default;
  SecretList& operator=(SecretList&&) = default;

  /// Adds each line of `secret` separately, in its usual forms (base/secret_forms.h): a PEM key, say, is shown line by
  /// line. Skips known lines and lines of fewer than four octets. With `most` lines in the list, the oldest makes room.
  void add(const Secret& secret, std::size_t most);

  /// `text` with "***" in place of each secret, also of one that is broken by blanks or line ends.
  std::string struck_from(std::string_view text) const;

 private:
  using Line = std::vector<Secret>;  ///< its forms; first the line itself

  void add_line(std::string_view text, std::size_t most);
  void forget_oldest();
  std::size_t octets_hidden(std::string_view text) const;

  std::list<Line> lines_;                                               ///< oldest first
  std::unordered_multimap<std::uint32_t, const Secret*> by_beginning_;  ///< all forms, by their first four octets
};

/// From now on no Error and no log line shows `secret`. May be called from any thread. Keeps the latest 4096 lines, so
/// that a daemon whose secrets change for years does not grow.
void keep_out_of_texts(const Secret& secret);

/// `text` without the secrets passed to keep_out_of_texts(). May be called from any thread.
std::string without_known_secrets(std::string_view text);

/// `text` made fit to show to people: one line (base/foreign_text.h), without known secrets, cut after `limit` octets.
std::string fit_to_show(std::string_view text, std::size_t limit);

}  // namespace acmed
