// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>

namespace acmed::acmectl::import {

/// What `acmectl import` is asked for.
struct Wish {
  std::string client;            ///< "certbot", "lego", "acme.sh"
  std::filesystem::path path;    ///< its folder; empty: where it usually is
  std::filesystem::path config;  ///< acmed's configuration, written with `apply`
  bool apply = false;
};

/// Prints the acmed.toml that does what the other client does; with `apply` it is written, and accounts, keys and
/// certificates are taken over, so that nothing is ordered again before its time. Nothing of the other client's is
/// changed. Returns the exit status. Throws Error.
int run(const Wish& wish);

}  // namespace acmed::acmectl::import
