// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/time.h"
#include "daemon/acme/problem.h"

/// ACME's resources as plain data (RFC 8555 §7.1). Their URLs are absolute: from_json() resolves what the CA sent
/// against the URL that was requested.
namespace acmed::acme {

/// What a server that renews certificates by itself offers (RFC 8739 §3.2).
struct AutoRenewalOffer {
  std::chrono::seconds min_lifetime{};  ///< of each certificate
  std::chrono::seconds max_duration{};  ///< from the first one's begin to the last one's end
  friend bool operator==(const AutoRenewalOffer&, const AutoRenewalOffer&) = default;
};

/// RFC 8555 §7.1.1. Unknown members are ignored. The JSON is the same from the CA and on disk.
struct Directory {
  std::string new_nonce;
  std::string new_account;
  std::string new_order;
  std::string revoke_certificate;
  std::string key_change;
  std::string renewal_info;      ///< RFC 9773; empty when not offered
  std::string terms_of_service;  ///< URL; empty for none
  bool external_account_required = false;
  std::map<std::string, std::string> profiles;  ///< name -> description
  /// What the account's identifier in records of dns-persist-01 begins with (draft-ietf-acme-dns-persist-02 §3); empty
  /// at CAs that offer no such challenge, or that of an earlier draft.
  std::string account_hash_prefix;
  std::vector<std::string> issuer_names = {};         ///< how the CA is called in such records; empty: it does not say
  bool delegation_enabled = false;                    ///< it delegates names (RFC 9115 §2.3.4)
  std::optional<AutoRenewalOffer> auto_renewal = {};  ///< none: it does not renew by itself

  /// `url`: of the directory. Throws Error ("acme:directory") when a mandatory member is missing or is not a URL of the
  /// same scheme.
  static Directory from_json(const json::Value& value, const std::string& url);
  json::Value to_json() const;
  friend bool operator==(const Directory&, const Directory&) = default;
};

enum class AccountStatus { valid, deactivated, revoked };

struct Account {
  std::string url;                              ///< the "kid", byte for byte as received
  AccountStatus status = AccountStatus::valid;  ///< as far as the CA told it
};

/// `canceled`: of orders that the CA renewed by itself (RFC 8739 §3.1.2).
enum class OrderStatus { pending, ready, processing, valid, invalid, canceled };
/// As spelled in RFC 8555 §7.1.6 and RFC 8739 §3.1.2.
std::string_view to_text(OrderStatus status);

/// What the CA of an order has agreed to renew by itself (RFC 8739 §3.1.1).
struct AutoRenewal {
  Time end{};                       ///< of the last certificate
  std::chrono::seconds lifetime{};  ///< from one certificate's nominal begin to the next one's
};

struct Order {
  std::string url;  ///< from newOrder's Location: not part of the body
  OrderStatus status = OrderStatus::pending;
  std::vector<std::string> identifiers;  ///< DNS names, wildcards with "*."
  std::vector<std::string> authorizations;
  std::string finalize;
  std::string certificate;  ///< empty until valid; where the CA renews by itself, of the latest one (RFC 8739 §3.3)
  std::optional<Problem> error;
  std::optional<Time> expires;
  std::optional<Time> ask_again;  ///< finalized orders only: Retry-After of that response (§7.4)
  std::string replaces{};         ///< the CertID that the CA took it to replace (RFC 9773 §5); empty for none
  std::optional<AutoRenewal> auto_renewal{};
  /// Whether anybody may download the certificate by GET (RFC 8739 §3.4, RFC 9115 §2.3.5); none: it does not say.
  std::optional<bool> allows_get{};

  /// `url`: that was requested. Throws AnswerError when the status is not one of RFC 8555 §7.1.6, and when there are
  /// more authorizations than identifiers; anything else may be missing.
  static Order from_json(const json::Value& value, std::string url);
};

/// The challenge types that are answered by a TXT record: RFC 8555 §8.4, draft-ietf-acme-dns-account-label,
/// draft-ietf-acme-dns-persist.
inline constexpr std::string_view dns_01 = "dns-01";
inline constexpr std::string_view dns_account_01 = "dns-account-01";
inline constexpr std::string_view dns_persist_01 = "dns-persist-01";

enum class AuthorizationStatus { pending, valid, invalid, deactivated, expired, revoked };

struct Challenge {
  std::string type;
  std::string url;
  std::string status;
  std::string token;  ///< empty for types without one
  std::optional<Problem> error;
  std::vector<std::string> issuer_names{};  ///< of dns-persist-01: how the CA may be called in the record
  /// Of dns-persist-01: the record names the account by a digest, as from draft -02 on; before, by its URL.
  bool names_account_by_digest = false;
};

struct Authorization {
  std::string url;
  std::string identifier;  ///< without "*."
  bool wildcard = false;
  AuthorizationStatus status = AuthorizationStatus::pending;
  std::vector<Challenge> challenges;  ///< those with a URL and without a malformed token
  std::optional<Time> expires{};      ///< when it can no longer be proved, while it is pending

  /// Throws AnswerError when the status is not one of RFC 8555 §7.1.6.
  static Authorization from_json(const json::Value& value, std::string url);

  /// The challenge of that type, or null when it is not offered.
  const Challenge* challenge(std::string_view type) const;
};

}  // namespace acmed::acme
