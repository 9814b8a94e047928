// SPDX-License-Identifier: Apache-2.0
#include "daemon/acme/revocation_reason.h"

#include <algorithm>
#include <array>
#include <utility>

namespace acmed::acme {
namespace {

constexpr std::array<std::pair<RevocationReason, std::string_view>, 5> reasons = {{
    {RevocationReason::unspecified, "unspecified"},
    {RevocationReason::key_compromise, "keyCompromise"},
    {RevocationReason::affiliation_changed, "affiliationChanged"},
    {RevocationReason::superseded, "superseded"},
    {RevocationReason::cessation_of_operation, "cessationOfOperation"},
}};

}  // namespace

std::string_view to_text(RevocationReason reason) {
  return std::ranges::find(reasons, reason, &decltype(reasons)::value_type::first)->second;
}

std::optional<RevocationReason> revocation_reason_from(std::string_view text) {
  const auto* found = std::ranges::find(reasons, text, &decltype(reasons)::value_type::second);
  return found == reasons.end() ? std::nullopt : std::optional(found->first);
}

const std::vector<std::string>& revocation_reasons() {
  static const std::vector<std::string> all = [] {
    std::vector<std::string> texts;
    for (const auto& [reason, text] : reasons) texts.emplace_back(text);
    return texts;
  }();
  return all;
}

}  // namespace acmed::acme
