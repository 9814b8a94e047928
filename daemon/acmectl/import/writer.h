// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "daemon/acmectl/import/found.h"

namespace acmed::acmectl::import {

/// A file with a secret that the configuration names.
struct SecretFile {
  std::filesystem::path path;
  Secret content;
};

/// The configuration that does what was found.
struct Written {
  std::string toml;
  std::vector<SecretFile> secrets;
  std::vector<std::string> missing;  ///< what a person has to fill in before it is whole
};

/// `folder`: where the configuration and its secrets are to lie. `trust`: the file with a private CA's root; empty
/// where none is known.
Written written(const Found& found, const std::filesystem::path& folder, const std::string& trust);

}  // namespace acmed::acmectl::import
