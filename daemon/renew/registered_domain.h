// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace acmed::renew {

/// The domain below a public suffix (publicsuffix.org) that was registered for a name of a certificate: example.co.uk
/// for *.www.example.co.uk. A name that is a public suffix itself is its own. The first call reads the list, which
/// blocks.
std::string registered_domain(const std::string& name);

/// Of all of them, each once, sorted.
std::vector<std::string> registered_domains(const std::vector<std::string>& names);

}  // namespace acmed::renew
