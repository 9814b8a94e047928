// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/fd.h"
#include "daemon/store/records.h"

namespace acmed::deploy_helper {

/// Generations' files in memory that nobody can change any more (memfd_create(2), sealed): a descriptor of it is sent
/// beside a request, so that no path leads from one process to the other. Throws Retry ("helper:contents").
Fd seal(const std::vector<store::GenerationFiles>& generations);

/// Reads them again. Throws Refused ("helper:contents") for anything but such a descriptor.
std::vector<store::GenerationFiles> read_sealed(const Fd& sealed);

/// Completes a generation by what its certificate says, for what programs are told. Throws Refused ("helper:pair")
/// unless the files belong together, the key, where there is one, is the certificate's, and the names are `domains`.
void check_and_describe(store::Generation& generation, std::vector<std::string> domains);

/// The same for a generation that is gone back to: it may be for other names, since the configuration has changed.
void check_and_describe_former(store::Generation& generation);

}  // namespace acmed::deploy_helper
