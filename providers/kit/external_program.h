// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "base/secret.h"
#include "config/provider_settings.h"
#include "providers/kit/foreign_words.h"

namespace acmed::providers {

/// The environment as "NAME=value"s, as Child::start() takes it.
std::vector<Secret> environment_of(const config::ExternalProgram& program);

/// What shows the program's words without the secrets of its environment.
ForeignWords words_of(const config::ExternalProgram& program);

}  // namespace acmed::providers
