// SPDX-License-Identifier: Apache-2.0
#include "daemon/issue/authority.h"

#include <algorithm>

namespace acmed::issue {
namespace {

/// RFC 5280, appendix A.1: ub-common-name.
constexpr std::size_t longest_common_name = 64;

}  // namespace

store::AccountIdentity AuthoritySettings::account_identity() const {
  const auto& binding = account.external_account;
  return {directory_url, binding ? binding->key_id : "", std::string(crypto::to_text(account_key)),
          brought_key ? brought_key->thumbprint : "", account_label};
}

std::string AuthoritySettings::common_name_of(const std::vector<std::string>& names) const {
  const auto fits = [](const std::string& dns_name) { return dns_name.size() <= longest_common_name; };
  const auto first = has_common_name ? std::ranges::find_if(names, fits) : names.end();
  return first == names.end() ? std::string() : *first;
}

}  // namespace acmed::issue
