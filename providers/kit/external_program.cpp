// SPDX-License-Identifier: Apache-2.0
#include "providers/kit/external_program.h"

namespace acmed::providers {

Task<std::vector<Secret>> environment_of(config::ExternalProgram program) {
  std::vector<Secret> environment;
  for (const auto& variable : program.environment) {
    const auto value = co_await variable.value.current();
    environment.emplace_back(variable.name + "=" + value.reveal());
  }
  co_return environment;
}

ForeignWords words_of(const config::ExternalProgram& program) {
  std::vector<Secret> secrets;
  for (const auto& variable : program.environment) {
    if (variable.hidden) secrets.push_back(variable.value.latest());
  }
  return ForeignWords(secrets);
}

}  // namespace acmed::providers
