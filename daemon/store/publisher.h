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

/// The group, by name or number, whose members may read a certificate's key in live/. None: acmed-certs where this host
/// has it and we may assign files to it, else nobody but acmed.
using KeyGroup = std::optional<std::string>;

/// A generation that should be in service.
struct Expected {
  std::string name;  ///< the certificate's
  unsigned generation = 0;
  KeyGroup key_group = std::nullopt;
};

/// What is in service.
struct Published {
  std::optional<unsigned> generation = std::nullopt;
  /// What is wrong with the expected generation's files: missing, empty, truncated, or changed since they were written
  /// and no longer a pair. Files that can be derived from others have been rewritten.
  std::optional<std::string> fault = std::nullopt;
  bool is_key_granted = true;               ///< those who should may read the key, and nobody else; see grant_key()
  std::exception_ptr unreadable = nullptr;  ///< why nothing of this is known
};

/// Places generations on this host's disk, where services read them: live/NAME.
class Publisher {
 public:
  virtual ~Publisher() = default;

  /// Puts a generation in service: key and certificate at the same moment, by one rename(2). Throws Retry
  /// ("file:ERRNO"). Is not cancelled halfway. Where the group cannot be had only acmed may read the key; grant_key()
  /// says why.
  virtual Task<> publish(std::string name, Generation generation, KeyGroup key_group) = 0;

  /// Lets the group, and nobody else besides acmed, read the key of the generation in service. Throws Refused
  /// ("live:group") when there is no such group or we may not assign files to it, Retry.
  virtual Task<> grant_key(std::string name, unsigned generation, KeyGroup key_group) = 0;

  /// The number of the generation in service; nothing when none is. Throws Retry.
  virtual Task<std::optional<unsigned>> published(std::string name) = 0;

  /// Looks at many in one go, in the order of `expected`, and puts right what can be: certificates that follow from
  /// others, who may read a key. A failure of one is reported in its entry, not thrown.
  virtual Task<std::vector<Published>> look(std::vector<Expected> expected) = 0;

  /// The link that services read.
  virtual std::filesystem::path path(const std::string& name) const = 0;
};

}  // namespace acmed::store
