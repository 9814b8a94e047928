// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/config.h"
#include "config/reader.h"

namespace acmed::config {

/// Reads `command`, `environment` and `timeout` of a provider that is a program. Faulty values are reported and left at
/// their defaults.
ExternalProgram read_external_program(Reader& provider);

/// Where it is, for people.
std::string place_of(const ExternalProgram& program);

}  // namespace acmed::config
