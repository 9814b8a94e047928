// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "base/runtime/scope.h"
#include "daemon/store/file_store.h"
#include "daemon/store/generation_folder.h"
#include "daemon/store/local_publisher.h"

namespace acmed::store {

/// A state directory with all that works on it, and short words for what tests do with generations.
struct StateDirectory {
  explicit StateDirectory(std::filesystem::path path) : folder(std::move(path)) {}

  unsigned add(Loop& loop, const std::string& name, GenerationFiles files, GenerationMeta meta = {}) {
    return run(loop, store.add_generation(name, std::move(meta), std::move(files)));
  }
  void publish(Loop& loop, const std::string& name, unsigned number) {
    run(loop, publisher.publish(name, run(loop, store.generation(name, number)), std::nullopt));
  }
  std::optional<unsigned> live(Loop& loop, const std::string& name) { return run(loop, publisher.published(name)); }
  std::filesystem::path generation_path(const std::string& name, unsigned number) const {
    return folder.certificate(name) + "/" + generation_name(number);
  }

  const StateFolder folder;
  FileStore store{folder};
  LocalPublisher publisher{folder};
};

}  // namespace acmed::store
