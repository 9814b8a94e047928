// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "config/toml.h"

namespace acmed::config {

/// Gathers all that is wrong, so that an operator mends it in one go.
class FaultList {
 public:
  /// The files in the order in which they are read: their faults are reported in that order.
  void begin_file(const std::string& file) { files_.push_back(file); }

  /// `key` as written in full, "certificate.deploy.mode"; empty when it is about the whole file.
  void add(const Place& place, std::string_view key, std::string_view sentence);

  /// Throws Faults when there are any.
  void throw_if_any();

 private:
  std::vector<std::string> files_;
  std::vector<Fault> faults_;
};

}  // namespace acmed::config
