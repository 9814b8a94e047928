// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "base/crypto/tpm.h"

namespace acmed::crypto {
namespace {

constexpr std::string_view handle_scheme = "handle:";
constexpr std::string_view file_scheme = "file:";
/// TPM 2.0 Library, Part 2, §7.4: TPM_HT_PERSISTENT is the first octet.
constexpr std::string_view persistent = "0x81";
constexpr std::size_t handle_digits = 8;
constexpr std::size_t longest_uri = 1024;

bool is_hex(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

std::string fault_of_handle(std::string_view handle) {
  const bool is_persistent = handle.starts_with(persistent) && handle.size() == 2 + handle_digits &&
                             std::ranges::all_of(handle.substr(2), is_hex);
  return is_persistent ? "" : "is no persistent handle of a TPM; \"handle:0x81\" and six hexadecimal digits is wanted";
}

std::string fault_of_file(std::string_view path) {
  if (!path.starts_with('/') || (path.starts_with("//") && !path.starts_with("///")) || path.ends_with('/')) {
    return "names no file of this host; \"file:/PATH\" with the path from the root is wanted";
  }
  const auto is_odd = [](char c) { return c <= ' ' || c > '~' || c == '%' || c == '#'; };
  if (std::ranges::any_of(path, is_odd)) return "has a character that a path in a URI cannot have; rename the file";
  return {};
}

}  // namespace

bool is_tpm_uri(std::string_view uri) {
  return uri.starts_with(handle_scheme) || uri.starts_with(file_scheme);
}

std::string fault_of_tpm_uri(std::string_view uri) {
  if (uri.size() > longest_uri) return fmt::format("is {} octets long, {} are allowed", uri.size(), longest_uri);
  if (uri.find('?') != uri.npos) {
    return "has a query; a password does not belong into the URI: write pin = { file = \"PATH\" } beside it";
  }
  if (uri.starts_with(handle_scheme)) return fault_of_handle(uri.substr(handle_scheme.size()));
  return fault_of_file(uri.substr(file_scheme.size()));
}

}  // namespace acmed::crypto
