// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace acmed::acme {

/// Why a subscriber revokes a certificate, as RFC 5280 §5.3.1 counts. The other reasons are a CA's to give, or mean
/// something else than the end of a certificate.
enum class RevocationReason {
  unspecified = 0,
  key_compromise = 1,
  affiliation_changed = 3,
  superseded = 4,
  cessation_of_operation = 5
};

/// As RFC 5280 spells it: "keyCompromise".
std::string_view to_text(RevocationReason reason);
std::optional<RevocationReason> revocation_reason_from(std::string_view text);
/// All that there are, as spelled.
const std::vector<std::string>& revocation_reasons();

}  // namespace acmed::acme
