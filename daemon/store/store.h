// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <exception>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/runtime/task.h"
#include "daemon/store/records.h"

namespace acmed::store {

/// The cause of a failure: somebody else has saved the record meanwhile.
inline constexpr std::string_view other_revision = "store:revision";

/// What is remembered of a certificate.
struct Loaded {
  Certificate certificate;
  std::exception_ptr unreadable;  ///< why it is not known
};

/// The right to work on a certificate, until it ends. Whoever keeps the store decides what it is made of.
using Claim = std::shared_ptr<const void>;

/// What acmed remembers. Each operation is atomic: after it returns it lasts through a crash and a power cut; before,
/// nothing of it is seen. All throw Retry ("file:ERRNO") with the path, and Refused ("store:newer") for what a newer
/// acmed wrote. No operation is called off half way. The store may be shared with other hosts: a certificate is worked
/// on under a claim, and saved against the revision that was loaded.
class Store {
 public:
  virtual ~Store() = default;

  /// The account at that directory; nothing when there is none. What cannot be read is set aside and reported.
  virtual Task<std::optional<Account>> load_account(std::string directory_url) = 0;
  /// Keeps an account. A key that is there already stays, whatever `account` holds.
  virtual Task<> save_account(Account account) = 0;

  /// The names of all certificates of which something is remembered.
  virtual Task<std::vector<std::string>> certificate_names() = 0;
  /// Waits until nobody else works on `name`.
  virtual Task<Claim> claim(std::string name) = 0;
  /// What is remembered of `name`: empty when nothing is. A state that cannot be read is set aside and reported; one
  /// that is not there is rebuilt from the newest generation, if any.
  virtual Task<Certificate> load_certificate(std::string name) = 0;
  /// The same of many in one go, in the order of `names`: a host may have a hundred thousand. What fails for one is
  /// told there and thrown for none.
  virtual Task<std::vector<Loaded>> load_certificates(std::vector<std::string> names) = 0;
  /// Gives the new revision. Throws Retry (other_revision) when somebody else has saved it since `certificate` was
  /// loaded or saved: it is to be loaded again.
  virtual Task<Revision> save_certificate(std::string name, Certificate certificate) = 0;

  /// Keeps a new generation and gives its number. It is not in service yet.
  virtual Task<unsigned> add_generation(std::string name, GenerationMeta meta, GenerationFiles files) = 0;
  /// Throws Retry ("store:generation") when there is none of that number.
  virtual Task<Generation> generation(std::string name, unsigned number) = 0;
  /// What is noted beside a generation; empty when nothing is.
  virtual Task<GenerationMeta> generation_meta(std::string name, unsigned number) = 0;
  /// Removes all generations but the last three and those in `needed`.
  virtual Task<> remove_old_generations(std::string name, std::set<unsigned> needed) = 0;

  /// What a provider keeps; empty when it keeps nothing.
  virtual Task<json::Object> load_provider(std::string name) = 0;
  virtual Task<> save_provider(std::string name, json::Object object) = 0;

  /// Until when a CA wants no orders, by directory URL.
  virtual Task<std::map<std::string, Pause>> load_ledger() = 0;
  virtual Task<> save_ledger(std::map<std::string, Pause> ledger) = 0;
};

}  // namespace acmed::store
