// SPDX-License-Identifier: Apache-2.0
#include "daemon/known_account.h"

#include "base/error.h"
#include "base/log.h"
#include "daemon/store/state_view.h"

namespace acmed {

store::AccountIdentity account_identity_of(const config::Ca& ca) {
  return {ca.directory, ca.external_account ? ca.external_account->key_id : std::string(),
          std::string(crypto::to_text(ca.account_key)), ca.brought_key ? ca.brought_key->thumbprint : std::string(),
          ca.account};
}

std::string known_account_url(const std::filesystem::path& state_directory, const config::Ca& ca) {
  try {
    const auto account = store::StateView(state_directory).account(account_identity_of(ca));
    return account ? account->url : std::string();
  } catch (const Error& error) {
    log::debug(error.what());
    return {};
  }
}

}  // namespace acmed
