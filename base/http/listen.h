// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>

#include "base/fd.h"

namespace acmed::http {

/// The longest path of a Unix socket (sockaddr_un).
inline constexpr std::size_t longest_socket_path = 107;

/// A Unix socket that listens at `path` with these rights. The socket of a process that has ended is replaced; what
/// belongs to one that answers, and what is no socket, is not. Makes no folder. Blocks, though not for long. Throws
/// Retry ("listen:EADDRINUSE" ...) with a sentence.
Fd listen_at_path(const std::filesystem::path& path, mode_t mode);

/// Removes the socket at `path` if it is still the one that `listener` is of. Blocks.
void remove_socket(const std::filesystem::path& path, const Fd& listener) noexcept;

/// A TCP socket that listens at "192.0.2.1:80" or "[2001:db8::1]:80". Throws Retry with a sentence.
Fd listen_at_address(const std::string& address);

}  // namespace acmed::http
