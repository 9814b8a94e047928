// SPDX-License-Identifier: Apache-2.0
#include "daemon/credential_checks.h"

#include <optional>

#include "base/error.h"
#include "base/runtime/scope.h"

namespace acmed {

Task<std::vector<std::string>> CredentialChecks::check_all() {
  std::vector<std::string> warnings;
  std::vector<Task<>> checks;
  for (const auto& [name, provider] : zones_.providers()) checks.push_back(check(name, &warnings));
  co_await when_all(std::move(checks));
  co_return warnings;
}

/// A failure is only a warning here: whether it matters will show when the next certificate is issued.
Task<> CredentialChecks::check(std::string provider, std::vector<std::string>* warnings) {
  std::optional<std::string> warning;
  try {
    warning = co_await zones_.provider(provider)->check_credentials();
  } catch (const Error& error) {
    warning = error.what();
  }
  troubles_.erase(provider);
  if (!warning) co_return;
  troubles_.emplace(provider, *warning);
  warnings->push_back(*std::move(warning));
}

std::string CredentialChecks::trouble(const std::string& provider) const {
  const auto found = troubles_.find(provider);
  return found == troubles_.end() ? "" : found->second;
}

}  // namespace acmed
