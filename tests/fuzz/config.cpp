// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "config/load.h"

/// Any text is a configuration or a list of faults. Its own folder is empty, and nothing is read from elsewhere unless
/// the text names an absolute path.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    acmed::config::parse({reinterpret_cast<const char*>(data), size}, "/nowhere/acmed.toml");
  } catch (const acmed::config::Faults&) {
    return 0;
  }
  return 0;
}
