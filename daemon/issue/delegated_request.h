// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/crypto/request.h"
#include "daemon/acme/delegation.h"

namespace acmed::issue {

/// The request for `names` with a key of that type, as the owner of the names wants it (RFC 9115 §4). Throws Refused
/// ("acme:csrTemplate") when the names or the type do not fit, saying what would, and when the template wants something
/// of us that the configuration cannot say.
crypto::RequestContent request_for(const acme::CsrTemplate& wanted, crypto::KeyType key_type,
                                   const std::vector<std::string>& names);

}  // namespace acmed::issue
