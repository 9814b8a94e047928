// SPDX-License-Identifier: Apache-2.0
#include "daemon/issue/revoker.h"

#include <fmt/format.h>

#include "base/log.h"

namespace acmed::issue {

Task<> Revoker::revoke(Revocable what) {
  const bool is_key_first = what.reason == acme::RevocationReason::key_compromise;
  bool is_done = false;
  if (!is_key_first) is_done = co_await by_accounts(what);
  if (is_done) co_return;
  const auto refusal = co_await refusal_of_key(what);
  if (!refusal) co_return;
  if (is_key_first) is_done = co_await by_accounts(what);
  if (is_done) co_return;
  // Nobody else is left who could sign it.
  throw Error(
      Error::Advice::refused, refusal->cause(),
      fmt::format("neither an account of ours nor the certificate's own key may revoke it: {}", refusal->what()),
      std::nullopt, Party::ca);
}

/// Nothing when it is done.
Task<std::optional<Error>> Revoker::refusal_of_key(Revocable what) {
  try {
    co_await by_key(what);
    co_return std::nullopt;
  } catch (const Error& error) {
    if (error.advice() != Error::Advice::refused && !CaAccount::may_concern(error)) throw;
    co_return error;
  }
}

Task<bool> Revoker::by_accounts(Revocable what) {
  const auto authorities = configured_(what.directory_url);
  for (auto* authority : authorities) {
    const bool is_done = co_await authority->revoke(what.certificate.to_der(), what.reason);
    if (is_done) co_return true;
  }
  co_return false;
}

/// A token may have another key now under the same name.
Task<crypto::PrivateKey> Revoker::key_of(Revocable what) {
  if (!what.key_pem.empty()) co_return crypto::PrivateKey::from_pem(what.key_pem);
  if (!what.key) {
    throw Refused("token:key", "the certificate's key stays in a token that the configuration does not name any more");
  }
  auto key = co_await keys_.held(*what.key);
  if (!what.certificate.has_key(key)) {
    throw Refused("token:key", fmt::format("the key {} is not that of the certificate any more", what.key->uri));
  }
  co_return key;
}

Task<> Revoker::by_key(Revocable what) {
  const auto authorities = configured_(what.directory_url);
  const auto* settings = authorities.empty() ? nullptr : &authorities.front()->settings();
  http::Client http(loop_, {.extra_trust_pem = settings != nullptr ? settings->trust_pem : std::string()});
  acme::Location location{what.directory_url};
  if (settings != nullptr) location.hosts = settings->hosts;
  auto key = co_await key_of(what);
  acme::Client ca(http, loop_.clock(), keys_, std::move(key), location, std::nullopt);
  co_await ca.revoke_by_key(what.certificate.to_der(), what.reason);
  log::info(fmt::format("serial {} was revoked by its own key", what.certificate.serial()));
}

}  // namespace acmed::issue
