// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "daemon/store/records.h"

namespace acmed::store {

/// A state directory as it is on disk, for those who only look, beside the acmed that works there: no lock is taken,
/// and nothing is changed, rebuilt or set aside. All calls block, and throw Retry ("file:ERRNO") where this process may
/// not read. What cannot be read as what this version of acmed writes counts as not there.
class StateView {
 public:
  explicit StateView(std::filesystem::path state_directory) : path_(std::move(state_directory)) {}

  const std::filesystem::path& path() const noexcept { return path_; }

  /// What is remembered of a certificate.
  std::optional<Certificate> certificate(const std::string& name) const;
  /// An account, without its key.
  std::optional<Account> account(const AccountIdentity& identity) const;
  /// What is remembered of each CA.
  LedgerRecord ledger() const;
  /// The number of the generation in service.
  std::optional<unsigned> live(const std::string& name) const;
  std::filesystem::path live_path(const std::string& name) const { return path_ / "live" / name; }

 private:
  std::filesystem::path path_;
};

}  // namespace acmed::store
