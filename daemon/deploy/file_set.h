// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/open_folder.h"
#include "config/config.h"
#include "daemon/deploy/journal.h"
#include "daemon/store/records.h"

namespace acmed::deploy {

/// The files of one target in its directory, replaced as one set. All calls block. They throw Retry ("file:ERRNO") and
/// Refused ("deploy:owner", "deploy:way", "deploy:rights"), with the path and the reason.
///
/// The directory may belong to somebody else, who can change names in it at any time and put another folder in its
/// place. So each call opens it once, by a way without links that nobody else can change (open_target_folder), and does
/// everything in what it has opened, by names in it. Names are changed with the rights of the folder's owner. What is
/// ours alone stays ours: a new file is made by us, under a name that cannot be guessed, and is given its content,
/// owner and mode by its descriptor before it gets its name; if the folder's owner made it, he could read the key.
///
/// How a replacement survives a crash: the new files are staged under hidden names that contain a random number; a
/// journal in acmed's own state lists what is being replaced; then each old file gets a second, hidden name and the new
/// file takes its place. Until keep() removes the journal, put_back() restores exactly the former state, whether after
/// a failed test or in the next process after a crash. A name is removed only while it has the file that we brought.
/// Every hidden name begins with ".acmed-" and a hash of certificate and target.
///
/// Several files cannot be switched by one rename, so readers may see a mixed set for some microseconds. The private
/// key is replaced last and restored first: there is never a new key beside an old certificate. A target with only a
/// `combined` file has no such moment, and neither has live/NAME.
class FileSet {
 public:
  /// `target` must have a directory. `journals`: the folder for the journal, which nobody else can write to.
  FileSet(config::Target target, const std::string& certificate, const std::filesystem::path& journals);

  /// Cleans up after a crash, then puts a generation's files into place. When it throws, everything is as before.
  void install(const store::GenerationFiles& files) const;

  /// Restores what was there before install(), with its owner and mode.
  void put_back() const;

  /// Makes what install() brought permanent.
  void keep() const;

  /// What was there before install(); call before keep() and put_back().
  struct Former {
    bool existed = false;           ///< at least one of the files
    std::optional<Time> not_after;  ///< of their certificate, if it can be read
  };
  Former former() const;

 private:
  std::vector<Journal::Replacement> stage(const files::OpenFolder& folder, const store::GenerationFiles& files,
                                          const std::string& stage) const;
  void switch_over(const files::OpenFolder& folder, const Journal& journal) const;
  std::optional<files::OpenFolder> open_folder_of(const Journal& journal) const;
  void finish(const std::optional<files::OpenFolder>& folder) const;
  void remove_hidden(const files::OpenFolder& folder) const;
  bool is_hidden(std::string_view name) const;
  std::string hidden(const std::string& stage, std::string_view role, const std::string& name) const;

  config::Target target_;
  std::string certificate_;
  std::filesystem::path directory_;
  std::string prefix_;
  JournalFile journal_file_;
};

/// Takes back what was under way to a target that is configured no more, as far as that can still be done, and forgets
/// it. Blocks. Throws Retry.
void take_back(const TargetName& former, const std::filesystem::path& journals);

/// Whether the target's directory has each file with the content that `files` gives it, and with its owner, group and
/// mode. Blocks.
bool has_files_of(const config::Target& target, const store::GenerationFiles& files);

}  // namespace acmed::deploy
