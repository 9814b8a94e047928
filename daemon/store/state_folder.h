// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>

#include "base/fd.h"
#include "base/files.h"
#include "base/runtime/offload.h"

namespace acmed::store {

// Members of acmed-certs pass through to their keys; nobody lists what is here but acmed.
constexpr mode_t passage_mode = 0751;
constexpr mode_t private_folder_mode = 0700;
constexpr mode_t private_file_mode = 0600;

/// The state directory of this process (DESIGN §5, FORMAT.md): where things are in it, and how what its file system
/// refuses is told.
class StateFolder {
 public:
  /// Opens or creates the folder, locks it, and removes what writes that a crash cut off have left in it; what they
  /// left beside a certificate's state goes when that is saved. Blocks. Throws Retry when it cannot, Refused
  /// ("store:locked") when another acmed has it, Refused ("store:owner") when this is root and the folder another
  /// user's: files of root would shut that user out.
  explicit StateFolder(std::filesystem::path path);

  const std::filesystem::path& path() const noexcept { return path_; }
  std::filesystem::path account(const std::string& directory_url) const;
  std::filesystem::path certificate(const std::string& name) const { return path_ / "certificates" / name; }
  std::filesystem::path provider(const std::string& name) const { return path_ / "providers" / (name + ".json"); }
  std::filesystem::path live(const std::string& name) const { return path_ / "live" / name; }
  std::filesystem::path ledger() const { return path_ / "ledger.json"; }

  /// The group that may read keys, acmed-certs; nothing where it does not exist or is not ours to give.
  std::optional<gid_t> key_group() const noexcept { return key_group_; }

  /// Calls `call`. What the file system refuses becomes Retry ("file:ERRNO") with a sentence that says whose it is.
  template <class Call>
  auto with_owner_named(Call&& call) const {
    try {
      return call();
    } catch (const files::Denied& error) {
      throw named(error);
    } catch (const std::filesystem::filesystem_error& error) {
      throw named(error);
    }
  }

  /// The same on a worker thread. The folder must outlive it.
  template <class Call>
  auto on_disk(Call call) const {
    return offload([this, call = std::move(call)]() mutable { return with_owner_named(call); });
  }

 private:
  Retry named(const files::Denied& error) const;
  Retry named(const std::filesystem::filesystem_error& error) const;

  std::filesystem::path path_;
  std::optional<gid_t> key_group_;
  Fd lock_;
};

}  // namespace acmed::store
