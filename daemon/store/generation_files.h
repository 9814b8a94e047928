// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "base/fd.h"

namespace acmed::store {

/// Whether a private key is there from its begin to its end: what a power cut, or a backup on a full disk, leaves has
/// no end.
bool is_whole_key(std::string_view pem);

/// Whether the files of `generation`, "NAME/0001" in the open folder `certificates`, are there and unchanged since it
/// was written, and `group` may read its key, and nobody else besides us: the one look that nearly all of a hundred
/// thousand certificates need. False where only fault_of() and give_key_to() can tell. Blocks.
bool are_in_order(const Fd& certificates, const std::string& generation, std::optional<gid_t> group);

/// What is wrong with the files of the generation in `folder`, for a sentence: "PATH is empty". Nothing when key and
/// certificate are present, intact, and a pair. If cert.pem, chain.pem or fullchain.pem are missing or damaged, they
/// are rewritten from the others. Files unchanged since the generation was written are not read: a host may have a
/// hundred thousand. Blocks. Throws Retry.
std::optional<std::string> fault_of(const std::string& folder);

/// Lets `group` read the private key in `folder`, and nobody else besides us; nobody at all when there is none. Returns
/// what was otherwise, for a sentence: "PATH had the mode 0644 and the group root"; empty when that was so already.
/// Where we may not assign files to the group, the key is written anew by way of group_folder() in `state_directory`.
/// Blocks. Throws Refused ("live:group") when there is no such folder either: then only we may read it; Retry.
std::string give_key_to(const std::string& folder, std::optional<gid_t> group,
                        const std::filesystem::path& state_directory);

}  // namespace acmed::store
