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
/// How a replacement survives a crash: the new files are staged under hidden names that contain a random number; a
/// journal under a hidden name lists what is being replaced; then each old file gets a second, hidden name and the new
/// file takes its place. Until keep() removes the journal, put_back() restores exactly the former state, whether after
/// a failed test or in the next process after a crash. Every hidden name begins with ".acmed-" and a hash of
/// certificate and target.
///
/// Several files cannot be switched by one rename, so readers may see a mixed set for some microseconds. The private
/// key is replaced last and restored first: there is never a new key beside an old certificate. A target with only a
/// `combined` file has no such moment, and neither has live/NAME.
class FileSet {
 public:
  /// `target` must have a directory.
  FileSet(config::Target target, const std::string& certificate);

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

  /// Whether the directory has each file with the content that `files` gives it.
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
  std::string certificate_;
  std::filesystem::path directory_;
  std::string prefix_;
  std::string stage_;  ///< random: nobody with write access to the directory can have planted a file there
};

}  // namespace acmed::deploy
