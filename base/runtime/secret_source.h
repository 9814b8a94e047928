// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>
#include <memory>

#include "base/runtime/task.h"
#include "base/secret.h"

namespace acmed {

/// Where a secret comes from. One that stands in a file is read again once the file has changed: a token that is rolled
/// works without a reload. Copies share what was read.
class SecretSource {
 public:
  /// An empty secret.
  SecretSource() = default;
  /// A secret that never changes. Not explicit: most of the places that take a source have just a text.
  SecretSource(Secret text) : text_(std::move(text)) {}  // NOLINT(google-explicit-constructor)
  /// The secret that `read` makes of the file at `path`; throws what `read` throws. `read` throws Error when the file
  /// cannot be read or does not hold what is wanted, and is called on any thread. Blocks.
  SecretSource(std::filesystem::path path, std::function<Secret()> read);

  /// The secret now: one stat(2), and a reading when the file is not as it was. New content that cannot be taken is
  /// logged once, and what was read before is used on: a file that is being written must not end a try.
  Task<Secret> current() const;

  /// As it was read last, without a look at the file.
  Secret latest() const;
  bool empty() const { return latest().empty(); }

  /// What `change` makes of the secret, for each of its texts; it throws Error for one that it does not take. Throws
  /// that for the first one. Blocks.
  SecretSource changed_by(const std::function<Secret(const Secret&)>& change) const;

 private:
  class File;

  Secret text_;
  std::shared_ptr<File> file_;  ///< none: `text_` is all
};

}  // namespace acmed
