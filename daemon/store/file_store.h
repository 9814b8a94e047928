// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <optional>

#include "base/fd.h"
#include "daemon/store/store.h"

namespace acmed::store {

/// The store in one folder of the local file system (DESIGN §5):
///
///     accounts/HOST-HASH/{account.json, key.pem}
///     certificates/NAME/state.json
///     certificates/NAME/0001/{privkey,cert,chain,fullchain}.pem, meta.json
///     live/NAME -> ../certificates/NAME/0001
///     providers/NAME.json
///     ledger.json, lock
class FileStore : public Store {
 public:
  /// Opens or creates the folder, locks it, and removes what writes that a crash cut off have left in it; what they
  /// left beside a certificate's state goes when that is saved. Blocks. Throws Retry when it cannot, Refused
  /// ("store:locked") when another acmed has it, Refused ("store:owner") when this is root and the folder another
  /// user's: files of root would shut that user out.
  explicit FileStore(std::filesystem::path folder);

  Task<std::optional<Account>> load_account(std::string directory_url) override;
  Task<> save_account(Account account) override;
  Task<std::vector<std::string>> certificate_names() override;
  Task<Certificate> load_certificate(std::string name) override;
  Task<std::vector<Examined>> examine_certificates(std::vector<std::string> names) override;
  Task<> save_certificate(std::string name, Certificate certificate) override;
  Task<unsigned> add_generation(std::string name, GenerationFiles files) override;
  Task<> make_live(std::string name, unsigned generation) override;
  Task<> remove_old_generations(std::string name, std::set<unsigned> needed) override;
  Task<json::Value> generation_meta(std::string name, unsigned generation) override;
  Task<std::optional<unsigned>> live_generation(std::string name) override;
  Task<json::Object> load_provider(std::string name) override;
  Task<> save_provider(std::string name, json::Object object) override;
  Task<std::map<std::string, Pause>> load_ledger() override;
  Task<> save_ledger(std::map<std::string, Pause> ledger) override;
  std::filesystem::path live_path(const std::string& name) const override;
  std::filesystem::path generation_path(const std::string& name, unsigned generation) const override;

 private:
  std::filesystem::path account_folder(const std::string& directory_url) const;
  std::filesystem::path certificate_folder(const std::string& name) const;
  std::filesystem::path provider_path(const std::string& name) const;

  Examined examine(const std::string& name) const;

  /// Runs `call` on a worker thread. What the file system refuses becomes a sentence that says whose it is.
  template <class Call>
  auto on_disk(Call call) const;

  std::filesystem::path folder_;
  std::optional<gid_t> key_group_;  ///< acmed-certs, where it exists
  Fd lock_;
};

}  // namespace acmed::store
