// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <exception>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/runtime/task.h"
#include "daemon/store/records.h"

namespace acmed::store {

/// A generation's files in PEM.
struct GenerationFiles {
  Secret private_key;
  std::string certificate;
  std::string chain;
  std::string full_chain;
  json::Value meta;
};

/// What is remembered of a certificate, and what there is of it.
struct Examined {
  Certificate certificate;
  std::optional<unsigned> live;  ///< the generation in service
  /// What is wrong with the files of the generation that was issued last: missing, empty, cut off, changed since they
  /// were written and no pair any more. Files that follow from others have been written again.
  std::optional<std::string> fault;
  std::exception_ptr unreadable;  ///< why nothing of this is known
};

/// What acmed remembers. Each operation is atomic: after it returns it lasts through a crash and a power cut; before,
/// nothing of it is seen. All throw Retry ("file:ERRNO") with the path. No operation is called off half way.
class Store {
 public:
  virtual ~Store() = default;

  /// The account at that directory; nothing when there is none. What cannot be read is set aside and reported.
  virtual Task<std::optional<Account>> load_account(std::string directory_url) = 0;
  /// Keeps an account. A key that is there already stays, whatever `account` holds.
  virtual Task<> save_account(Account account) = 0;

  /// The names of all certificates of which something is remembered.
  virtual Task<std::vector<std::string>> certificate_names() = 0;
  /// What is remembered of `name`: empty when nothing is. A state that cannot be read is set aside and reported; one
  /// that is not there is rebuilt from the generation in service, if any.
  virtual Task<Certificate> load_certificate(std::string name) = 0;
  /// The same, and a look at what is in service, of many in one go: a host may have a hundred thousand. In the order of
  /// `names`; what fails for one is told there and thrown for none.
  virtual Task<std::vector<Examined>> examine_certificates(std::vector<std::string> names) = 0;
  virtual Task<> save_certificate(std::string name, Certificate certificate) = 0;

  /// Writes a new generation and gives its number. It is not in service yet.
  virtual Task<unsigned> add_generation(std::string name, GenerationFiles files) = 0;
  /// Puts a generation in service by one rename(2). Throws Retry ("store:generation") when there is none of that
  /// number.
  virtual Task<> make_live(std::string name, unsigned generation) = 0;
  /// Removes all generations but the last three and those in `needed`.
  virtual Task<> remove_old_generations(std::string name, std::set<unsigned> needed) = 0;
  /// What is noted beside a generation: "serial", "not_after", "domains" ...; null when it is not there.
  virtual Task<json::Value> generation_meta(std::string name, unsigned generation) = 0;
  /// The generation in service; nothing when none is.
  virtual Task<std::optional<unsigned>> live_generation(std::string name) = 0;

  /// What a provider keeps; empty when it keeps nothing.
  virtual Task<json::Object> load_provider(std::string name) = 0;
  virtual Task<> save_provider(std::string name, json::Object object) = 0;

  /// Until when a CA wants no orders, by directory URL.
  virtual Task<std::map<std::string, Pause>> load_ledger() = 0;
  virtual Task<> save_ledger(std::map<std::string, Pause> ledger) = 0;

  /// The link that services read.
  virtual std::filesystem::path live_path(const std::string& name) const = 0;
  virtual std::filesystem::path generation_path(const std::string& name, unsigned generation) const = 0;
};

}  // namespace acmed::store
