// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <string_view>

namespace acmed::config {

/// The label below which names are proved by TXT records of an order (RFC 8555 §8.4).
inline constexpr std::string_view challenge_label = "_acme-challenge";
/// The label below which they are proved by a TXT record that stays (draft-ietf-acme-dns-persist).
inline constexpr std::string_view persist_label = "_validation-persist";

/// Whether the first label of `name`, a dns::Name, says that the name is for proofs.
template <class Name>
bool begins_with_challenge_label(const Name& name) {
  static constexpr std::array labels = {challenge_label, persist_label};
  return std::ranges::any_of(labels, [&name](std::string_view label) { return name.starts_with(label); });
}

}  // namespace acmed::config
