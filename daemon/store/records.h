// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "base/rare.h"
#include "base/secret.h"
#include "base/time.h"
#include "daemon/acme/resources.h"

/// What survives a restart, as plain data.
namespace acmed::store {

/// Which account is meant: each external account (RFC 8555 §7.3.4) and each type of key has its own at a CA.
struct AccountIdentity {
  std::string directory_url;
  std::string external_account;  ///< the key identifier that it is bound to; empty for none
  std::string key_type;
  std::string brought_key = {};  ///< the thumbprint (RFC 7638) of a key that acmed did not make; empty for its own
  std::string label = {};        ///< of several accounts that are the same in all this; empty for the first one
  friend bool operator==(const AccountIdentity&, const AccountIdentity&) = default;
};

/// An ACME account and what was learned with it.
struct Account {
  AccountIdentity identity;
  Secret key_pem;
  Secret next_key_pem = {};  ///< that a key change was begun with, and may have put in force; empty for none
  std::string url;           ///< empty until the CA has answered newAccount
  Time registered{};         ///< when the CA answered it; the epoch when unknown
  std::optional<std::vector<std::string>> contact;  ///< that the CA was last told; nothing when unknown
  std::optional<acme::Directory> directory;
  Time directory_read{};                 ///< when `directory` was fetched
  std::optional<Time> deactivated = {};  ///< when somebody had it deactivated: no other one is made unasked
  bool is_deactivation_known = false;    ///< the CA has confirmed that
};

/// What a TXT value was computed from (RFC 8555 §8.1).
struct TxtOrigin {
  std::string domain;
  std::string key_authorization;
  friend auto operator<=>(const TxtOrigin&, const TxtOrigin&) = default;
};

/// A TXT value that is, or may be, in the DNS because of us.
struct TxtValue {
  std::string provider;
  std::string zone;
  std::string zone_id;
  std::string name;
  std::string value;
  std::optional<TxtOrigin> origin = std::nullopt;  ///< none in records of versions that did not store it
  friend auto operator<=>(const TxtValue&, const TxtValue&) = default;
};

/// A TXT value that is to stay in the DNS: the record of dns-persist-01 for a name (draft-ietf-acme-dns-persist).
struct PersistentRecord {
  TxtValue txt;
  std::string domain;         ///< without "*."
  std::string directory_url;  ///< of the CA that is to find it
  friend auto operator<=>(const PersistentRecord&, const PersistentRecord&) = default;
};

/// An order that was created and has not ended yet.
struct OpenOrder {
  AccountIdentity account;  ///< whose order it is
  std::string url;
  Secret key_pem;  ///< the certificate's key, stored before the CA can hear of it; the URI of one that stays in a token
  std::string key_type;
  std::vector<std::string> domains;
  std::optional<Time> expires = std::nullopt;         ///< when to give it up; none in records of versions without it
  unsigned failures = 0;                              ///< consecutive tries that could not read it
  unsigned fruitless = 0;                             ///< tries that read it and failed at a part of it
  bool validating = false;                            ///< the CA was told to validate, and has not said what it found
  std::optional<std::string> profile = std::nullopt;  ///< that was wanted; none in records of versions without it
  std::string delegation = {};                        ///< see config::Certificate::delegation
};

/// An order whose certificates the CA renews by itself (RFC 8739): all have the order's key, and each is fetched from
/// the same URL.
struct StarOrder {
  OpenOrder order;
  std::string certificate_url;
  bool is_public = false;           ///< it is fetched by GET, as anybody may
  std::chrono::seconds lifetime{};  ///< from one certificate's nominal begin to the next one's
  Time end{};                       ///< of the last certificate
};

/// The meta data of a generation (meta.json). Most of it is in the certificate too, but is cheaper to read from here.
struct GenerationMeta {
  std::string certificate;  ///< its name
  std::string directory_url;
  std::string issuer;  ///< common name
  std::string key_type;
  std::vector<std::string> domains;
  std::string serial;
  Time not_before{};
  Time not_after{};
  Time issued_at{};
  std::string key_uri = {};     ///< of a key that stays in a token: there is no file of it; empty for one in a file
  std::string public_key = {};  ///< of that key, as PrivateKey::public_key_digest() gives it
};

/// A generation's files in PEM.
struct GenerationFiles {
  Secret private_key;  ///< empty for one that stays in a token
  std::string certificate;
  std::string chain;
  std::string full_chain;
};

/// A key with its certificate: they are put in service together.
struct Generation {
  unsigned number = 0;
  GenerationMeta meta;
  GenerationFiles files;
};

/// The generation that is in service.
struct Issued {
  unsigned generation = 0;
  std::string directory_url;
  std::string key_type;
  std::vector<std::string> domains;
  std::string serial;
  Time not_before{};
  Time not_after{};
  Time issued_at{};  ///< when we got it: CAs backdate certificates, by an hour or by a year
  /// The profile that was wanted, empty for the CA's own choice; none where it is not known.
  std::optional<std::string> profile = std::nullopt;
  std::string key_uri = {};  ///< see GenerationMeta
};

/// When the CA suggests to renew the generation in service (RFC 9773).
struct RenewalPlan {
  std::string certificate_id;  ///< CertID (§4.1); empty when the certificate has none, and nothing is asked for
  Time window_start{};         ///< of the suggested window; the epoch while the CA has suggested none
  Time window_end{};
  Time renew_at{};                   ///< chosen within the window, once for all
  Time ask_next{};                   ///< when the CA is asked again
  std::string explanation_url = {};  ///< why, for people; empty for none

  bool has_window() const noexcept { return window_end != Time{}; }
};

/// A generation that is to be revoked (RFC 8555 §7.6), or was.
struct Revocation {
  unsigned generation = 0;
  std::string serial;
  std::string reason;                ///< as RFC 5280 §5.3.1 spells it
  bool by_ca = false;                ///< nobody asked for it here: the CA's list has it
  bool after_next = false;           ///< not before another generation is in service everywhere
  Time asked{};                      ///< when somebody asked for it, or it was found
  std::optional<Time> revoked = {};  ///< since when it is; nothing: it is to be
};

/// Consecutive failures, and when to retry.
struct Trouble {
  unsigned failures = 0;  ///< of tries that nobody asked for
  std::string cause;
  std::string sentence;
  Time since{};
  Time next_try{};
  std::optional<Time> not_before;  ///< what a CA said of this very request: not even a person's request overrides it
  std::string about;               ///< fingerprint of what was asked for: when it changes, the trouble is over
  std::optional<Party> party = std::nullopt;  ///< none in records of versions that did not store it
};

/// How long a CA as a whole wants to be left alone.
struct Pause {
  Time since{};  ///< the epoch when unknown
  Time until{};
};

/// A set of names as people are told of it.
struct NameSet {
  std::vector<std::string> first;  ///< the first few
  std::size_t count = 0;           ///< all of them
};

/// What was used of one of a CA's limits, or what the CA said about it.
struct LimitUse {
  Time full_at{};         ///< when all of it can be used again; the epoch when nothing is used
  Pause said{};           ///< the CA refused what counts against it; the epoch for never
  Rare<NameSet> names{};  ///< that it is about; nothing for what its key tells
};

/// What is remembered of a CA as a whole.
struct CaRecord {
  Pause pause{};  ///< `until` is the epoch when it asked for none
  std::map<std::string, LimitUse> limits{};
};
/// By directory URL.
using LedgerRecord = std::map<std::string, CaRecord>;

/// One target of a certificate.
struct Deployment {
  unsigned begun = 0;    ///< the generation that a deployment was last begun for
  unsigned served = 0;   ///< the generation that it last took for good; 0 for none
  std::string settings;  ///< fingerprint of the target's configuration when it got it
  Rare<Trouble> trouble;
  Time served_until{};    ///< the end of the generation `served`
  unsigned in_place = 0;  ///< the generation whose files it has, accepted by its programs or not; 0: unknown
};

/// A TLSA record (RFC 6698) of one of a certificate's keys that is in the DNS because of us, or may be.
struct TlsaValue {
  std::string provider;
  std::string zone;
  std::string zone_id;
  std::string name;
  std::string value;           ///< "3 1 1 HEX"
  unsigned generation = 0;     ///< whose key it is; 0 for a key that has not been in service
  std::chrono::seconds ttl{};  ///< how long resolvers may know what stands at the name
  Time usable{};               ///< since when no resolver can know the name without it; the epoch while not known
  Time superfluous{};          ///< since when no service has its key; the epoch while one may have it
};

/// The key of the next certificate, made ahead so that its TLSA records are known before it is used.
struct NextKey {
  Secret pem;
  std::string key_type;
  std::string tlsa;  ///< TlsaValue::value of it
};

/// What is kept for a certificate's TLSA records.
struct Dane {
  std::optional<NextKey> next_key;
  unsigned generation = 0;  ///< whose key `current` is of
  std::string current;      ///< TlsaValue::value of the key in service; empty while there is none
  std::vector<TlsaValue> values;
};

/// How often a record was saved: shows whether somebody else has saved it meanwhile.
using Revision = std::uint64_t;

/// All that is remembered of one certificate.
struct Certificate {
  Revision revision = 0;  ///< as last loaded or saved
  Rare<OpenOrder> order;
  Rare<std::vector<OpenOrder>> set_aside;  ///< at CAs that did not issue yet, while another one is asked
  std::vector<TxtValue> values;
  std::vector<PersistentRecord> persistent;
  std::optional<Issued> issued;
  Rare<RenewalPlan> renewal;                  ///< none: not known yet
  Rare<Trouble> trouble;                      ///< of issuing
  Rare<Trouble> leftover;                     ///< of removing `values`
  Rare<std::vector<Revocation>> revocations;  ///< the latest last; at most one for each generation
  Rare<Trouble> revoking;                     ///< of revoking
  Time revocation_checked{};                  ///< when the CA's list was last looked at; the epoch for never
  Rare<Trouble> persisting;                   ///< of renewing `persistent`
  std::map<std::string, Deployment> deployments;
  Rare<Dane> dane{};             ///< none: it has no TLSA records
  Rare<Trouble> dane_trouble{};  ///< of keeping them
  Rare<StarOrder> star{};        ///< that `issued` is of; none: of an order that has ended
};

/// What became of that generation; null when nobody has revoked it, nor is to.
const Revocation* revocation_of(const Certificate& certificate, unsigned generation);
/// Whether the generation in service is revoked.
bool is_live_revoked(const Certificate& certificate);

json::Value to_json(const Account& account);
json::Value to_json(const GenerationMeta& meta);
json::Value to_json(const Certificate& certificate);
/// Whether a newer version of acmed wrote it, in a form that this one does not know.
bool is_newer(const json::Value& value);
/// Nothing when the JSON does not have that form.
std::optional<Account> account_from_json(const json::Value& value);
GenerationMeta generation_meta_from_json(const json::Value& value);
std::optional<Certificate> certificate_from_json(const json::Value& value);
/// A trouble that operators were told of; they are told when it is over.
struct ToldTrouble {
  std::string certificate;
  std::string what;  ///< the duty, or "end" for a certificate that ends soon
  Time since{};
  std::string sentence;

  friend bool operator==(const ToldTrouble&, const ToldTrouble&) = default;
};

json::Object to_json(const std::vector<ToldTrouble>& told);
/// What cannot be read is left out.
std::vector<ToldTrouble> told_from_json(const json::Object& object);

json::Object to_json(const LedgerRecord& ledger);
/// What cannot be read is left out.
LedgerRecord ledger_from_json(const json::Object& object);

}  // namespace acmed::store
