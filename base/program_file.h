// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace acmed {

/// The PATH that every program we start gets, and in which plain program names are looked up.
inline constexpr std::string_view program_search_path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// The program's path: `name` itself when it contains a "/", otherwise where it is found in program_search_path; empty
/// when not found. Our own $PATH is not consulted.
std::string find_program(const std::string& name);

/// Why the program `name` must not be run, and how to mend that; empty when it may be run. It must be a regular file
/// that we may execute, and nobody but root and this process's user may be able to change what its path leads to.
/// Blocks.
std::string fault_of_program(const std::string& name);

}  // namespace acmed
