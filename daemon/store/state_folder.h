// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>

#include "base/fd.h"
#include "base/files.h"
#include "base/runtime/offload.h"
#include "daemon/store/records.h"

namespace acmed::store {

// Members of the groups that may read keys pass through to their keys; only acmed can list the folder.
constexpr mode_t passage_mode = 0751;
// inotify lets nobody watch a folder who may not list it; there is nothing in these but names that certificates show.
constexpr mode_t watched_mode = 0755;
constexpr mode_t private_folder_mode = 0700;
constexpr mode_t private_file_mode = 0600;

/// Where an account is kept in a state directory.
std::filesystem::path account_folder(const std::filesystem::path& state_directory, const AccountIdentity& identity);

/// This process's state directory (FORMAT.md): where things are in it, and how file system errors are
/// reported.
class StateFolder {
 public:
  /// Opens or creates the folder, locks it, and removes what interrupted writes left in it; what they left beside a
  /// certificate's state is removed when that is saved. Blocks. Throws Retry when this fails, Refused ("store:locked")
  /// when another acmed holds the lock, Refused ("store:owner") when we are root and the folder belongs to another
  /// user: files owned by root would lock that user out; Refused ("store:shared") when somebody else can change what is
  /// in it.
  explicit StateFolder(std::filesystem::path path);

  const std::filesystem::path& path() const noexcept { return path_; }
  std::filesystem::path account(const AccountIdentity& identity) const;
  /// Where acmed 0.1 kept its only account at a directory.
  std::filesystem::path account_of_0_1(const std::string& directory_url) const;
  /// Texts, since these are made for each of a hundred thousand certificates: a std::filesystem::path takes itself
  /// apart whenever it is made, copied or appended to.
  std::string certificate(std::string_view name) const { return certificates_ + std::string(name); }
  std::string live(std::string_view name) const { return live_ + std::string(name); }
  std::filesystem::path stamp(const std::string& name) const { return path_ / "stamps" / name; }
  std::filesystem::path provider(const std::string& name) const { return path_ / "providers" / (name + ".json"); }
  std::filesystem::path ledger() const { return path_ / "ledger.json"; }
  std::filesystem::path told() const { return path_ / "told.json"; }
  /// Where deployments keep their journals.
  std::filesystem::path deployments() const { return path_ / "deployments"; }

  /// Calls `call`. A file system error becomes Retry ("file:ERRNO") with a sentence that says whose it is.
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
  std::string certificates_ = (path_ / "certificates/").string();
  std::string live_ = (path_ / "live/").string();
  Fd lock_;
};

}  // namespace acmed::store
