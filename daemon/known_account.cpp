// SPDX-License-Identifier: Apache-2.0
#include "daemon/known_account.h"

#include "base/error.h"
#include "base/log.h"
#include "daemon/store/state_view.h"

namespace acmed {

std::string known_account_url(const std::filesystem::path& state_directory, const config::Ca& ca) {
  const store::AccountIdentity identity{ca.directory, ca.external_account ? ca.external_account->key_id : std::string(),
                                        std::string(crypto::to_text(ca.account_key)),
                                        ca.brought_key ? ca.brought_key->thumbprint : std::string(), ca.account};
  try {
    const auto account = store::StateView(state_directory).account(identity);
    return account ? account->url : std::string();
  } catch (const Error& error) {
    log::debug(error.what());
    return {};
  }
}

}  // namespace acmed
