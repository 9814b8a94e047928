// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "config/toml.h"

namespace acmed::config {

/// What acmed has for `key`, a word of certbot, lego, acme.sh, dehydrated, Caddy or Traefik: the end of a sentence.
/// Empty when it is none of theirs.
std::string_view hint_for_word_of_others(std::string_view key);

/// Whether `file` is written for the ACME client in Rust that is called acmed too, and reads the same path.
bool is_for_other_acmed(const Table& file);

}  // namespace acmed::config
