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

/// Cause of a failure: somebody else has saved the record meanwhile.
inline constexpr std::string_view other_revision = "store:revision";

/// What is remembered of a certificate.
struct Loaded {
  Certificate certificate;
  std::exception_ptr unreadable;  ///< why the record is not known
};

/// The right to work on a certificate, for as long as it lives. What it is made of is up to the store.
using Claim = std::shared_ptr<const void>;

/// What acmed remembers. Each operation is atomic: once it returns, it survives a crash and a power cut; before that,
/// nothing of it is visible. All throw Retry ("file:ERRNO") with the path, and Refused ("store:newer") for records of a
/// newer acmed. No operation is cancelled halfway. The store may be shared with other hosts: a certificate is worked on
/// under a claim, and saved against the revision that was loaded.
class Store {
 public:
  virtual ~Store() = default;

  /// That account; nothing when there is none. An unreadable account is set aside and reported. The account of a
  /// version that kept one for each directory is the account of the first who asks for that directory and its type of
  /// key.
  virtual Task<std::optional<Account>> load_account(AccountIdentity identity) = 0;
  /// Stores an account. An existing key stays, whatever `account` holds.
  virtual Task<> save_account(Account account) = 0;
  /// Keeps the key that the account is about to get (RFC 8555 §7.3.5) beside its own: load_account() gives both.
  virtual Task<> save_next_key(AccountIdentity identity, Secret key_pem) = 0;
  /// The account has got that key: it takes the former one's place. Or it has not (`is_taken` false): it is forgotten.
  virtual Task<> settle_key(AccountIdentity identity, bool is_taken) = 0;
  /// Sets an account aside that the CA will never accept again: load_account() finds none.
  virtual Task<> retire_account(AccountIdentity identity, Time now) = 0;

  /// The names of all certificates of which anything is remembered.
  virtual Task<std::vector<std::string>> certificate_names() = 0;
  /// Waits until nobody else works on `name`.
  virtual Task<Claim> claim(std::string name) = 0;
  /// What is remembered of `name`: empty when nothing is. An unreadable state is set aside and reported; a missing one
  /// is rebuilt from the newest generation, if any.
  virtual Task<Certificate> load_certificate(std::string name) = 0;
  /// The same for many in one go, in the order of `names`: a host may have a hundred thousand. A failure of one is
  /// reported in its entry, not thrown.
  virtual Task<std::vector<Loaded>> load_certificates(std::vector<std::string> names) = 0;
  /// Returns the new revision. Throws Retry (other_revision) when somebody else has saved the record since
  /// `certificate` was loaded or saved: load it again.
  virtual Task<Revision> save_certificate(std::string name, Certificate certificate) = 0;

  /// Stores a new generation and returns its number. It is not in service yet.
  virtual Task<unsigned> add_generation(std::string name, GenerationMeta meta, GenerationFiles files) = 0;
  /// Throws Retry ("store:generation") when there is none with that number.
  virtual Task<Generation> generation(std::string name, unsigned number) = 0;
  /// A generation's meta data; empty when there is none.
  virtual Task<GenerationMeta> generation_meta(std::string name, unsigned number) = 0;
  /// Removes all generations but the latest three and those in `needed`.
  virtual Task<> remove_old_generations(std::string name, std::set<unsigned> needed) = 0;

  /// A provider's memory; empty when there is none.
  virtual Task<json::Object> load_provider(std::string name) = 0;
  virtual Task<> save_provider(std::string name, json::Object object) = 0;

  /// What is remembered of each CA.
  virtual Task<LedgerRecord> load_ledger() = 0;
  virtual Task<> save_ledger(LedgerRecord ledger) = 0;

  /// The troubles that operators were told of and that are not over.
  virtual Task<std::vector<ToldTrouble>> load_told() = 0;
  virtual Task<> save_told(std::vector<ToldTrouble> told) = 0;
};

}  // namespace acmed::store
