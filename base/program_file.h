// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace acmed {

/// The PATH of every program that we start, and where one that is a plain name is looked up.
inline constexpr std::string_view program_search_path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// The program's path: `name` itself when there is a "/" in it, else where it is found; empty when it is not. What we
/// are started with in $PATH says nothing about it.
std::string find_program(const std::string& name);

/// Why the program `name` is not to be run, and how to mend it; empty when it may be. It must be a regular file that we
/// may execute and that is not, nor its folder, open to every user of this host for writing.
std::string fault_of_program(const std::string& name);

}  // namespace acmed
