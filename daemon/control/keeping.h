// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/runtime/task.h"
#include "config/config.h"
#include "daemon/control/doctor.h"
#include "daemon/keep/view.h"

namespace acmed::control {

struct CaView {
  std::string name;
  std::string directory_url;
  std::optional<Time> paused_until;  ///< nothing: it takes orders
};

struct ProviderView {
  std::string name;
  std::string type;
  std::string place;  ///< its server, or its API's URL
  std::vector<std::string> zones;
  std::optional<Time> credential_until;  ///< as far as its operator tells
  std::optional<std::string>
      trouble;  ///< what the last look at its credentials found; nothing: all well, or not known yet
};

/// What is used of one of a CA's limits, see renew::Limits::Use.
struct LimitView {
  std::string limit;                    ///< as the configuration calls it
  std::string subject;                  ///< empty for none
  std::vector<std::string> names{};     ///< the first few of a set of names
  std::size_t name_count = 0;           ///< all of that set
  std::optional<config::Limit> of;      ///< nothing: not known
  unsigned used = 0;                    ///< now
  Time free_at{};                       ///< when all of it can be used again
  std::optional<Time> refused_until{};  ///< the CA said that it is reached
};

struct AccountView {
  std::string ca;
  std::string directory_url;
  std::string url;  ///< empty before the CA has answered newAccount
  std::string key_type;
  std::string external_account;  ///< its key identifier; empty for none
  std::vector<std::string> contact;
  std::optional<Time> registered;
  std::string label;                ///< see config::Ca::account
  std::optional<Time> deactivated;  ///< by somebody here
  std::vector<LimitView> limits{};  ///< that are in use, those of which most is used first
};

/// What can be done with an account: see issue::CaAccount.
enum class AccountChange { roll_key, deactivate, create };

/// See keep::RevocationWish.
struct RevocationWish {
  unsigned generation = 0;  ///< 0: the one in service
  std::string reason;
  bool replace = false;
};

/// An earlier generation, or the one in service.
struct GenerationView {
  unsigned generation = 0;
  std::string serial;
  std::string issuer;
  Time not_before{};
  Time not_after{};
  Time issued_at{};
  std::optional<keep::RevokedView> revoked;
};

/// When something is done next, and for whom.
struct Due {
  std::string certificate;
  Time at{};
};

/// What became of something that was asked for: nothing failed, or these did.
using Outcome = std::vector<keep::TroubleView>;

/// What the API shows of one configuration's certificates, and what it asks for. Certificates are in the order of the
/// configuration.
class Keeping {
 public:
  virtual ~Keeping() = default;

  virtual std::size_t certificate_count() const = 0;
  virtual std::optional<keep::CertificateView> certificate(const std::string& name) = 0;
  /// At most `most` of those after the one of that name; from the first one on when it is empty.
  virtual std::vector<keep::CertificateView> certificates_after(const std::string& name, std::size_t most) = 0;
  /// The same, with no more than this.
  virtual std::vector<std::pair<std::string, keep::State>> states_after(const std::string& name, std::size_t most) = 0;
  /// The latest generations, the newest first. Throws Error.
  virtual Task<std::vector<GenerationView>> generations(std::string name) = 0;
  virtual std::optional<Due> next() const = 0;

  virtual std::vector<CaView> cas() const = 0;
  virtual std::vector<ProviderView> providers() const = 0;
  virtual Task<std::vector<AccountView>> accounts() = 0;

  /// Does what is due for it; what failed before is tried again at once, except where a CA set a limit. `force`: there,
  /// too. Completes when that has succeeded or failed. Throws Retry ("control:replaced") when another configuration
  /// came meanwhile.
  virtual Task<Outcome> attempt(std::string name, bool force) = 0;
  /// Orders a new certificate, due or not. `force`: also while its CA asked to be left alone. Completes when that has
  /// succeeded or failed. Throws Retry ("control:replaced") when another configuration came meanwhile.
  virtual Task<Outcome> renew(std::string name, bool force) = 0;
  /// Deploys what is in service to these targets, or all, also to those that have it.
  virtual Task<Outcome> deploy(std::string name, std::set<std::string> targets) = 0;
  /// Has a generation revoked by its CA. Completes when that, and what else was due then, has succeeded or failed.
  virtual Task<Outcome> revoke(std::string name, RevocationWish wish) = 0;
  /// Of the CA of that name. Throws Error.
  virtual Task<Outcome> change_account(std::string ca, AccountChange change) = 0;
};

/// The daemon, as the API sees it.
class Subject {
 public:
  virtual ~Subject() = default;

  /// What keeps the certificates now; null while the configuration is being replaced. Not to be kept over a co_await.
  virtual Keeping* keeping() = 0;
  virtual const config::Config* config() const = 0;

  /// Reads the configuration anew; returns what is wrong with it. Nothing: it is being put in force.
  virtual Task<std::vector<config::Fault>> reload() = 0;

  /// Null when there is none.
  virtual const Doctor* doctor() const = 0;
};

}  // namespace acmed::control
