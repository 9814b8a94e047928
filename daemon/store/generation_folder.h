// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "daemon/store/records.h"

/// A certificate's generations on disk: one folder each, "0001" and up, in the certificate's folder. All calls block
/// and throw Retry or std::filesystem::filesystem_error.
namespace acmed::store {

/// The number of a generation's folder; nothing for other names.
std::optional<unsigned> generation_number(std::string_view folder_name);
std::string generation_name(unsigned number);

/// The number of the next generation in a certificate's folder.
unsigned next_generation(const std::filesystem::path& certificate);

/// Writes a generation that does not exist yet. It appears whole or not at all. Only we may read its key, until it is
/// given to a group (generation_files.h).
void write_generation(const std::filesystem::path& certificate, const Generation& generation);

/// Throws Retry ("store:generation") when it does not exist or has no key.
Generation read_generation(const std::filesystem::path& certificate, unsigned number);

/// The meta data beside it; empty when there is none.
GenerationMeta read_generation_meta(const std::filesystem::path& certificate, unsigned number);

/// The newest generation, read from its own files; nothing when no generation has a readable certificate.
std::optional<Issued> newest_generation(const std::filesystem::path& certificate);

/// Takes the rights of other users of this host from the keys of all generations, which none of them has by us: a
/// backup may have been restored without its rights. What cannot be closed stays.
void close_keys_to_others(const std::filesystem::path& certificate);

/// Removes all but the latest three and those in `needed`.
void remove_old_generations(const std::filesystem::path& certificate, const std::set<unsigned>& needed);

}  // namespace acmed::store
