// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/time.h"
#include "daemon/acme/problem.h"

/// ACME's resources as plain data (RFC 8555 §7.1).
namespace acmed::acme {

/// RFC 8555 §7.1.1. Unknown members are ignored; JSON as the CA sends it, and as it is kept on disk.
struct Directory {
  std::string new_nonce;
  std::string new_account;
  std::string new_order;
  std::string revoke_certificate;
  std::string key_change;
  std::string renewal_info;      ///< RFC 9773; empty when the CA has none
  std::string terms_of_service;  ///< URL; empty for none
  bool external_account_required = false;
  std::map<std::string, std::string> profiles;  ///< name -> description

  /// Throws Error ("acme:directory") when a member that every CA has is missing or no URL of `scheme`.
  static Directory from_json(const json::Value& value, std::string_view scheme = "https");
  json::Value to_json() const;
  friend bool operator==(const Directory&, const Directory&) = default;
};

struct Account {
  std::string url;  ///< the "kid", byte for byte as received
};

enum class OrderStatus { pending, ready, processing, valid, invalid };
/// As RFC 8555 §7.1.6 spells it.
std::string_view to_text(OrderStatus status);

struct Order {
  std::string url;  ///< from newOrder's Location: the body has none
  OrderStatus status = OrderStatus::pending;
  std::vector<std::string> identifiers;  ///< DNS names, wildcards with "*."
  std::vector<std::string> authorizations;
  std::string finalize;
  std::string certificate;  ///< empty until valid
  std::optional<Problem> error;
  std::optional<Time> expires;
  std::optional<Time> ask_again;  ///< of a finalized order: Retry-After of that answer (§7.4), not in the resource

  /// Throws AnswerError when the status is none of RFC 8555 §7.1.6; all else may be missing.
  static Order from_json(const json::Value& value, std::string url);
};

/// The type of challenges that a TXT record answers (RFC 8555 §8.4).
inline constexpr std::string_view dns_01 = "dns-01";

enum class AuthorizationStatus { pending, valid, invalid, deactivated, expired, revoked };

struct Challenge {
  std::string type;
  std::string url;
  std::string status;
  std::string token;  ///< empty for types that have none
  std::optional<Problem> error;
};

struct Authorization {
  std::string url;
  std::string identifier;  ///< without "*."
  bool wildcard = false;
  AuthorizationStatus status = AuthorizationStatus::pending;
  std::vector<Challenge> challenges;  ///< those that have a URL and no malformed token

  /// Throws AnswerError when the status is none of RFC 8555 §7.1.6.
  static Authorization from_json(const json::Value& value, std::string url);

  /// The challenge of that type, if it is offered.
  const Challenge* challenge(std::string_view type) const;
};

}  // namespace acmed::acme
