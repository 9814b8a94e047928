// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "config/config.h"
#include "config/reader.h"

namespace acmed::config {

/// Reads [ca.NAME]. Faulty values are reported and left at their defaults.
Ca read_ca(const std::string& name, Reader reader);

/// Why `ca` cannot be configured beside `others`: one account has one contact. Empty when it can.
std::string fault_of_contact(const Ca& ca, const std::map<std::string, Ca>& others);

/// Why the limits of `ca` cannot be those of its CA beside `others`. Empty when they can.
std::string fault_of_limits(const Ca& ca, const std::map<std::string, Ca>& others);

/// How many names the CA with that directory is known to accept in one certificate of the profile (empty: its own
/// choice); nothing where it is not known.
std::optional<std::size_t> most_names_at(std::string_view directory, std::string_view profile);

/// Whether `name` is a CA whose directory URL is built in.
bool is_well_known_ca(std::string_view name);
/// The name of the CA with that built-in directory URL; empty when there is none.
std::string_view well_known_ca_at(std::string_view directory);
/// The built-in directory URL on that host; empty when there is none, or several.
std::string_view well_known_directory_at(std::string_view host);

}  // namespace acmed::config
