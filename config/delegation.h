// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "config/config.h"
#include "config/reader.h"

namespace acmed::config {

/// Whether the certificate's names belong to somebody else, who proves them: no provider has to serve them.
bool is_delegated(Reader& reader);

/// Reads `delegation` of `certificate`, whose CAs have been read, and tells what does not go with it; empty for names
/// of our own.
std::string read_delegation(Reader& reader, const Certificate& certificate, const Config& config);

/// Takes from a certificate what the defaults say of proofs and orders, which the owner of its names sees to.
void leave_proof_to_owner(Certificate& certificate);

}  // namespace acmed::config
