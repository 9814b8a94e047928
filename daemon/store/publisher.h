// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <exception>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/runtime/task.h"
#include "daemon/store/records.h"

namespace acmed::store {

/// A generation that should be in service.
struct Expected {
  std::string name;  ///< the certificate's
  unsigned generation = 0;
};

/// What is in service.
struct Published {
  std::optional<unsigned> generation = std::nullopt;
  /// What is wrong with the expected generation's files: missing, empty, truncated, or changed since they were written
  /// and no longer a pair. Files that can be derived from others have been rewritten.
  std::optional<std::string> fault = std::nullopt;
  std::exception_ptr unreadable = nullptr;  ///< why nothing of this is known
};

/// Places generations on this host's disk, where services read them: live/NAME.
class Publisher {
 public:
  virtual ~Publisher() = default;

  /// Puts a generation in service: key and certificate at the same moment, by one rename(2). Throws Retry
  /// ("file:ERRNO"). Is not cancelled halfway.
  virtual Task<> publish(std::string name, Generation generation) = 0;

  /// The number of the generation in service; nothing when none is. Throws Retry.
  virtual Task<std::optional<unsigned>> published(std::string name) = 0;

  /// Looks at many in one go, in the order of `expected`. A failure of one is reported in its entry, not thrown.
  virtual Task<std::vector<Published>> look(std::vector<Expected> expected) = 0;

  /// The link that services read.
  virtual std::filesystem::path path(const std::string& name) const = 0;
};

}  // namespace acmed::store
