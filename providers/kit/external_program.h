// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "base/runtime/task.h"
#include "base/secret.h"
#include "config/provider_settings.h"
#include "providers/kit/foreign_words.h"

namespace acmed::providers {

/// The environment as "NAME=value"s, as Child::start() takes it, with its secrets as they are now.
Task<std::vector<Secret>> environment_of(config::ExternalProgram program);

/// What shows the program's words without the secrets of its environment, as they were read last.
ForeignWords words_of(const config::ExternalProgram& program);

}  // namespace acmed::providers
