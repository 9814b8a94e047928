// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "config/toml.h"

namespace acmed::config {

/// Collects all faults, so that the administrator can fix them in one go.
class FaultList {
 public:
  /// Starts a file. Faults are reported in the order in which their files were read.
  void begin_file(const std::string& file) { files_.push_back(file); }

  /// `key` in full, "certificate.deploy.mode"; empty when the fault is about the whole file.
  void add(const Place& place, std::string_view key, std::string_view sentence);

  /// Throws Faults if there are any.
  void throw_if_any();

 private:
  std::vector<std::string> files_;
  std::vector<Fault> faults_;
};

}  // namespace acmed::config
