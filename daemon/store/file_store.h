// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <map>
#include <set>
#include <utility>

#include "base/fd.h"
#include "base/runtime/event.h"
#include "daemon/store/state_folder.h"
#include "daemon/store/store.h"

namespace acmed::store {

/// The store in the state directory (FORMAT.md). Its lock keeps other processes out.
class FileStore : public Store {
 public:
  /// `folder` must outlive it.
  explicit FileStore(const StateFolder& folder) : folder_(folder) {}

  Task<std::optional<Account>> load_account(AccountIdentity identity) override;
  Task<> save_account(Account account) override;
  Task<> save_next_key(AccountIdentity identity, Secret key_pem) override;
  Task<> settle_key(AccountIdentity identity, bool is_taken) override;
  Task<> retire_account(AccountIdentity identity, Time now) override;
  Task<std::vector<std::string>> certificate_names() override;
  Task<Claim> claim(std::string name) override;
  Task<Certificate> load_certificate(std::string name) override;
  Task<std::vector<Loaded>> load_certificates(std::vector<std::string> names) override;
  Task<Revision> save_certificate(std::string name, Certificate certificate) override;
  Task<unsigned> add_generation(std::string name, GenerationMeta meta, GenerationFiles files) override;
  Task<Generation> generation(std::string name, unsigned number) override;
  Task<GenerationMeta> generation_meta(std::string name, unsigned number) override;
  Task<> remove_old_generations(std::string name, std::set<unsigned> needed) override;
  Task<json::Object> load_provider(std::string name) override;
  Task<> save_provider(std::string name, json::Object object) override;
  Task<LedgerRecord> load_ledger() override;
  Task<> save_ledger(LedgerRecord ledger) override;
  Task<std::vector<ToldTrouble>> load_told() override;
  Task<> save_told(std::vector<ToldTrouble> told) override;

  /// A certificate's state as this process wrote it.
  struct Written {
    Revision revision = 0;
    ino_t inode = 0;
    std::pair<time_t, long> changed;  ///< st_ctim
    off_t size = 0;

    friend bool operator==(const Written&, const Written&) = default;
  };

 private:
  Loaded look_up(const Fd& certificates, const std::string& name) const;

  const StateFolder& folder_;
  std::map<std::string, std::optional<Written>> claimed_;  ///< with what was saved last under the claim
  Waiters released_;
};

}  // namespace acmed::store
