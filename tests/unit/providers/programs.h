// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>

#include "config/config.h"
#include "tests/unit/catch.h"
#include "tests/unit/outcome.h"
#include "tests/unit/temporary_folder.h"

namespace acmed::providers {

/// A folder with programs for a test, removed at the end.
class Programs {
 public:
  std::filesystem::path path(const std::string& name) const { return folder_.path() / name; }

  /// A shell script of that name.
  std::string script(const std::string& name, const std::string& text) const;

  /// A plug-in in shell that says hello and then runs `body` for each request, with `id`, `method` and the whole
  /// `line`.
  std::string plugin(const std::string& body) const;

  std::string read(const std::string& name) const;
  void write(const std::string& name, const std::string& text) const;

 private:
  TemporaryFolder folder_;
};

/// A provider that runs `program`, with a secret in its environment.
config::ExternalProgram external_program(std::vector<std::string> command, Duration timeout);

}  // namespace acmed::providers
