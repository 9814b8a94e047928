// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/config.h"
#include "config/reader.h"

namespace acmed::config {

/// Reads what a target's files are: `directory`, `files`, `owner`, `group`, `mode` and `pkcs12_password`.
void read_target_files(Reader& reader, Target& target);

/// A group, by name or number; a fault where this host has none of that name. Nothing when the key is not there.
std::optional<std::string> read_group(Reader& reader, std::string_view key);
/// The same, whether or not this host has it.
std::optional<std::string> read_group_name(Reader& reader, std::string_view key);

/// What is wrong with the name of a file; empty when nothing is.
std::string fault_of_file_name(std::string_view name);

/// What stands for the certificate's name in a target's texts.
inline constexpr std::string_view name_placeholder = "{name}";

}  // namespace acmed::config
