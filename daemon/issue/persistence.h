// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "daemon/acme/resources.h"
#include "daemon/store/records.h"

/// The record of dns-persist-01 (draft-ietf-acme-dns-persist): it names the CA and the account, and stays.
namespace acmed::issue {

/// Our account, as a CA's record names it.
struct Prover {
  std::string account_url;
  std::string thumbprint;                      ///< of its key (RFC 7638)
  std::string account_hash_prefix;             ///< acme::Directory's
  std::vector<std::string> issuer_names = {};  ///< the same
};

/// What a record says: an issue-value (RFC 8659 §4.2).
struct Persistence {
  std::string issuer;  ///< as the CA is called there
  std::string account_uri;
  bool wildcard = false;        ///< also for wildcards of the name
  std::optional<Time> until{};  ///< persistUntil, to the second; none: for ever

  /// "ca.example; accounturi=https://ca.example/acct/1; policy=wildcard; persistUntil=1767225600"
  std::string value() const;
  /// What value() has made; nothing for another text.
  static std::optional<Persistence> parse(std::string_view value);
  friend bool operator==(const Persistence&, const Persistence&) = default;
};

/// How the record of `domain` names the account for this challenge: by its URL, or by a digest since draft -02 (§3).
/// Throws Refused ("acme:persist") when the CA's words make no record, or none that fits into a TXT string.
std::string account_uri(const acme::Challenge& challenge, const Prover& prover, const std::string& domain);

/// What the record of `domain` should say. Throws as account_uri(), also when the challenge lacks a name by which the
/// CA's directory calls it (draft -02 §4).
Persistence wanted_persistence(const acme::Challenge& challenge, const Prover& prover, const std::string& domain,
                               bool wildcard, std::optional<Time> until);

/// The value among `records` that answers `wanted` at `now` and for a while yet, by whichever of the names in
/// `issuer_names` it calls the CA; nothing when none does.
std::optional<std::string> standing_value(const std::vector<store::PersistentRecord>& records,
                                          const std::string& directory_url, const std::string& domain,
                                          const Persistence& wanted, const std::vector<std::string>& issuer_names,
                                          Time now);

/// Until when a new record of `certificate` says that it holds. Certificates that share a name get times of their own:
/// whoever removes its record would remove the other's otherwise.
std::optional<Time> persist_until(std::optional<Duration> persist_for, const std::string& certificate, Time now);

/// From now on `txt` is the record that proves `domain` to that CA, or none is needed: a former one is let go.
void take_place_of_record(store::Certificate& state, const std::string& domain, const std::string& directory_url,
                          std::optional<store::TxtValue> txt);

/// Moves the records that are `unwanted` to those values that are to be withdrawn.
void let_go(store::Certificate& state, const std::function<bool(const store::PersistentRecord&)>& unwanted);

}  // namespace acmed::issue
