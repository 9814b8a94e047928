// SPDX-License-Identifier: Apache-2.0
#include "providers/kit/external_program.h"

namespace acmed::providers {

std::vector<Secret> environment_of(const config::ExternalProgram& program) {
  std::vector<Secret> environment;
  for (const auto& variable : program.environment)
    environment.emplace_back(variable.name + "=" + variable.value.reveal());
  return environment;
}

ForeignWords words_of(const config::ExternalProgram& program) {
  std::vector<Secret> secrets;
  for (const auto& variable : program.environment) {
    if (variable.hidden) secrets.push_back(variable.value);
  }
  return ForeignWords(secrets);
}

}  // namespace acmed::providers
