// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "base/crypto/keys.h"
#include "base/http/client.h"
#include "base/runtime/single_flight.h"
#include "daemon/acme/client.h"
#include "daemon/issue/authority.h"
#include "daemon/issue/observer.h"
#include "daemon/issue/recent_failure.h"
#include "daemon/store/store.h"

namespace acmed::issue {

/// Our account at a CA: created, found or loaded by the first who needs it, and replaced when the CA no longer accepts
/// it. Its key is on disk before the CA first sees it. Concurrent callers share one attempt and its outcome; those who
/// come right after a failed one share its failure.
class CaAccount {
 public:
  /// All must outlive it.
  CaAccount(Loop& loop, store::Store& store, crypto::Keys& keys, const AuthoritySettings& settings,
            Observer& observer = Observer::nobody());
  CaAccount(const CaAccount&) = delete;
  CaAccount& operator=(const CaAccount&) = delete;

  /// A client that signs by the account, whose directory is at most a day old.
  Task<std::shared_ptr<acme::Client>> client();
  /// The client of the last call of client().
  const acme::Client& known_client() const { return *client_; }
  /// The account's URL; empty before there is one.
  const std::string& url() const noexcept { return kept_.url; }

  /// Reads the directory again, whatever failed before: one request, or a few where there is no account yet.
  Task<> look_again();

  /// Whether `refusal` of a request may be about the account that signed it, in whatever words.
  static bool may_concern(const Error& refusal);
  /// After such a refusal of a request signed by the account `url`: asks the CA about the account, and restores or
  /// replaces it if it is lost. Whether the request may be repeated; not when the account is fine. Throws Refused when
  /// the CA itself revoked the account.
  Task<bool> recover(std::string url, bool is_forgotten);

  /// The same as client(), but makes no account: null where there is none, or it is deactivated.
  Task<std::shared_ptr<acme::Client>> existing_client();

  /// Gives the account a new key (RFC 8555 §7.3.5). The new key is on disk before the CA hears of it, and both are
  /// until the CA has said which it knows; after a crash that is found out when the account is next used. Nothing is
  /// signed meanwhile. Throws Refused where there is no account yet.
  Task<> roll_key();
  /// Deactivates the account (§7.3.6). It stays on disk as deactivated: no other one is made, and client() throws
  /// Refused, until create(). What was begun before a crash is gone on with when the account is next used.
  Task<> deactivate();
  /// Makes an account in place of a deactivated one, which is set aside. Throws Refused where it is not deactivated.
  Task<> create();

  /// Somebody else has changed the account in the store: it is read from there before it is next used.
  void read_anew() noexcept { is_outdated_ = true; }

  /// Closes connections, frees memory and forgets the key, which the next call of client() loads again; call only when
  /// nothing is in flight.
  void rest();

 private:
  bool is_open() const noexcept;
  bool directory_is_old() const;
  Task<> attempt(Task<> work);
  Task<> open(bool read_anew);
  Task<> refresh();
  Task<> load();
  Task<bool> is_changed_by_another();
  Task<> settle_key();
  Task<bool> knows(crypto::PrivateKey key);
  Task<> end_deactivation();
  void require_active(const store::Account& account) const;
  Task<> roll();
  Task<std::shared_ptr<acme::Client>> client_of_active();
  Task<> deactivate_active();
  Task<> make();
  Task<crypto::PrivateKey> key_to_register();
  void use_key();
  Task<> read_directory();
  Task<> enroll();
  Task<acme::Account> registered();
  void require_usual_key(const acme::ProblemError& refusal) const;
  Task<> tell_contact();
  Task<bool> examine(bool is_forgotten);
  Task<> replace();
  Task<> save_url(std::string url);
  std::string told_apart() const;

  Loop& loop_;
  store::Store& store_;
  crypto::Keys& keys_;
  const AuthoritySettings& settings_;
  Observer& observer_;
  http::Client http_;
  store::Account kept_;
  std::shared_ptr<acme::Client> client_;
  SingleFlight<> opening_;
  SingleFlight<bool> recovery_;
  SingleFlight<> change_;  ///< of its key or state, by a person
  RecentFailure trouble_;  ///< of opening
  bool is_outdated_ = false;
};

}  // namespace acmed::issue
