// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "config/config.h"
#include "daemon/store/records.h"

namespace acmed::deploy {

/// The files of one target in its directory, replaced as one set. All calls block. They throw Retry ("deploy:file") and
/// Refused ("deploy:owner"), with the path and the reason.
///
/// How a replacement survives a crash: the new files are staged under hidden names, which have a random number in them;
/// a journal under a hidden name lists what is replaced; then each old file gets a second, hidden name and the new one
/// its place. Until keep() removes the journal, put_back() leads to exactly what was there before, be it called after a
/// failed test or by the next process after a crash. Every hidden name begins with ".acmed-" and a hash of certificate
/// and target.
///
/// Several files cannot be switched by one rename, so readers may meet a mixed set for some microseconds. The private
/// key goes last and comes back first: there is never a new key beside an old certificate. A target of `combined` alone
/// has no such moment, and neither has live/NAME.
class FileSet {
 public:
  /// `target` has a directory.
  FileSet(config::Target target, const std::string& certificate);

  /// Clears up after a crash, then puts a generation's files into place. When it throws, everything is as before.
  void install(const store::GenerationFiles& files) const;

  /// What was there before install() is there again, with its owner and mode.
  void put_back() const;

  /// What install() brought stays.
  void keep() const;

  /// What was there before install(); to be asked before keep() and put_back().
  struct Former {
    bool existed = false;           ///< one of the files at least
    std::optional<Time> not_after;  ///< of the certificate in them, where one can be read
  };
  Former former() const;

  /// Whether the directory has each file with the content that the generation gives it.
  bool has_files_of(const store::GenerationFiles& files) const;

 private:
  struct Replacement {
    std::string name;
    bool existed;
  };

  void stage(const store::GenerationFiles& files) const;
  void switch_over() const;
  std::vector<Replacement> read_journal() const;
  void write_journal(const std::vector<Replacement>& replacements) const;
  void remove_hidden() const;
  std::filesystem::path path(const std::string& name) const { return directory_ / name; }
  std::filesystem::path hidden(const std::string& role, const std::string& name = {}) const;
  std::filesystem::path staged(const std::string& name) const { return hidden("new-" + stage_, name); }

  config::Target target_;
  std::filesystem::path directory_;
  std::string prefix_;
  std::string stage_;  ///< random: whoever may write to the directory cannot have a file there first
};

}  // namespace acmed::deploy
