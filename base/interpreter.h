// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace acmed {

/// Why the kernel would not start the file `path`, as far as its first line tells, and how to mend that: a script needs
/// "#!" and an interpreter that is there (execve(2)). Empty when nothing is wrong, or when the file cannot be read.
std::string fault_of_first_line(const std::string& path);

}  // namespace acmed
