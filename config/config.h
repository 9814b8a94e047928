// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/crypto/key.h"
#include "base/crypto/token.h"
#include "base/rare.h"
#include "base/runtime/secret_source.h"
#include "base/secret.h"
#include "base/time.h"
#include "config/challenge.h"
#include "config/provider_settings.h"
#include "config/routes.h"

/// /etc/acmed/acmed.toml, read, checked, and completed with the defaults. Domain names are lower-case A-labels without
/// a final dot; paths are absolute; secrets have been read.
namespace acmed::config {

struct ExternalAccount {
  std::string key_id;
  SecretSource hmac_key;  ///< raw octets
};

/// The key of an account that was registered elsewhere.
struct BroughtKey {
  Secret pem;
  std::string thumbprint;  ///< RFC 7638
};

/// So many in so long.
struct Limit {
  unsigned most = 1;
  Duration window{};
  friend bool operator==(const Limit&, const Limit&) = default;
};

/// [ca.NAME.limits]: the CA's limits where they are others than it has published for all, or it has published none.
struct CaLimits {
  std::optional<Limit> orders;      ///< of the account
  std::optional<Limit> same_names;  ///< certificates for exactly the same names
  std::optional<Limit> domain;      ///< certificates for names of a registered domain
  std::optional<Limit> failures;    ///< failed validations of a name
  friend bool operator==(const CaLimits&, const CaLimits&) = default;
};

/// [ca.NAME]
struct Ca {
  std::string name;
  std::string directory;  ///< https URL
  std::vector<std::string> contact;
  bool terms_agreed = false;
  std::string trust_pem;  ///< the content of `trust`; empty for the system's trust store alone
  std::optional<std::string> profile;
  bool profile_required = false;
  std::optional<ExternalAccount> external_account;
  std::string preferred_chain;  ///< see Certificate::preferred_chain; empty for the CA's first chain
  crypto::KeyType account_key = crypto::KeyType::ecdsa_p256;
  std::optional<BroughtKey> brought_key;  ///< the account's; none: acmed makes one
  unsigned concurrency = 32;              ///< orders that the CA may have in progress at a time
  bool has_common_name = false;           ///< it wants the first name as the common name of a request
  std::vector<std::string> hosts;         ///< that its URLs may lead to besides the directory's, with optional ports
  std::string account;                    ///< which of several accounts at this directory; empty for the usual one
  CaLimits limits{};                      ///< the same for all with this directory
};

/// [propagation], also in [provider.NAME], [defaults] and [[certificate]]. Values not set by a certificate or the
/// defaults come from the name's provider, and values not set there from [propagation].
struct Propagation {
  enum class Require { all, quorum, none };
  std::optional<Duration> timeout;
  std::optional<Duration> settle;
  std::optional<Duration> interval_max;
  std::optional<Require> require;
  std::optional<std::vector<std::string>> exclude;  ///< addresses, networks, host names
  std::optional<std::vector<std::string>> extra;    ///< addresses with optional ports
  friend bool operator==(const Propagation&, const Propagation&) = default;
};

/// [provider.NAME]
struct Provider {
  std::string name;
  /// It serves these names and those below them; of all providers, the one with the longest matching zone serves a
  /// name.
  std::vector<std::string> zones;
  /// Names, with those below them, whose challenge names are aliases into its zones: it serves those as well, through
  /// the aliases.
  std::vector<std::string> delegated;
  Propagation propagation;  ///< completed with [propagation]
  ProviderSettings settings;
  std::string place;  ///< where it is, for people: its server's name or address, or its API's URL
  std::string type;   ///< "rfc2136"
};

/// The forms of a file at a target.
enum class FileKind {
  cert,                 ///< PEM
  chain,                ///< PEM, without the certificate
  fullchain,            ///< PEM
  privkey,              ///< PEM, PKCS #8
  privkey_traditional,  ///< PEM, SEC 1 or PKCS #1
  privkey_der,          ///< PKCS #8
  combined,             ///< PEM: the key, then the full chain
  combined_key_last,    ///< PEM: the full chain, then the key
  der,                  ///< the certificate alone
  pkcs12,               ///< all, encrypted as PKCS #12 is today (AES, SHA-256)
  pkcs12_legacy         ///< the same as old programs read it (triple DES, SHA-1)
};
constexpr bool holds_key(FileKind kind) noexcept {
  return kind != FileKind::cert && kind != FileKind::chain && kind != FileKind::fullchain && kind != FileKind::der;
}

/// Who may do what with a file.
struct Access {
  std::optional<std::string> owner;  ///< a user's name or number; none: whoever writes the file
  std::optional<std::string> group;
  mode_t mode;
};

/// How a service is asked which certificate it serves.
struct Verify {
  enum class StartTls { none, smtp, imap, pop3, ldap, postgres };
  std::string host;  ///< a name or an address
  std::string port;
  std::string server_name;  ///< a name of the certificate
  StartTls start_tls = StartTls::none;
};

/// [[certificate.deploy]], its placeholders filled in
struct Target {
  std::string name;
  std::optional<std::filesystem::path> directory;  ///< none: no copies are written
  std::map<FileKind, std::string> files;           ///< file names within `directory`
  std::optional<std::string> owner;                ///< a user's name or number; none: whoever writes the files
  std::optional<std::string> group;
  mode_t mode = 0640;
  std::map<FileKind, Access> accesses;  ///< of the files that differ from these three
  SecretSource pkcs12_password;
  std::vector<std::string> test;       ///< argv; empty for none
  std::vector<std::string> reload;     ///< units, as the service manager names them
  std::vector<std::string> restart;    ///< units that are restarted instead
  std::vector<std::string> post_hook;  ///< argv; empty for none
  std::optional<Verify> verify;
  Duration timeout = std::chrono::seconds(60);  ///< of each program, each unit, and verify

  Access access_of(FileKind kind) const {
    const auto own = accesses.find(kind);
    return own != accesses.end() ? own->second : Access{owner, group, mode};
  }
};

/// What is left of a certificate's life when it is renewed: a fraction, or a time, which counts for half of its life at
/// most.
using LifeLeft = std::variant<double, Duration>;

/// Which kind of certificate a CA is asked for (draft-ietf-acme-profiles).
struct Profile {
  std::string name;  ///< empty: the CA's own choice
  bool required = false;
  friend bool operator==(const Profile&, const Profile&) = default;
};

/// The TLSA records of a certificate's keys.
struct Dane {
  std::vector<std::string> names;          ///< "_25._tcp.mail.example.com"; none: it has no such records
  Duration ttl = std::chrono::minutes(5);  ///< of the records
};

/// [[certificate]]
struct Certificate {
  std::string name;
  std::vector<std::string> domains;
  std::string ca;
  std::vector<std::string> fallback_cas{};  ///< asked in this order where `ca` does not issue
  crypto::KeyType key_type = crypto::KeyType::ecdsa_p256;
  std::optional<LifeLeft> renew;  ///< none: a third of its life, or half of a life below ten days
  /// A group's name or number: its members read the key in live/. None: acmed-certs, where this host has it.
  std::optional<std::string> group;
  Propagation propagation;  ///< completed with [defaults]; complete it with the provider's
  Rare<Profile> profile{};  ///< none: the CA's
  /// The challenges that may prove it, best first: those that its providers can answer for all its names.
  Challenges challenges = {ChallengeType::dns_01};
  std::optional<Duration>
      persist_for{};  ///< for how long a record of dns-persist-01 says that it holds; none: for ever
  std::vector<Target> deploy;
  /// The common name of a certificate of the chain or of its root; or "sha256:" and a fingerprint in lower-case hex.
  /// Empty for what the CA's section says.
  std::string preferred_chain{};
  Dane dane{};
  /// Whose names they are, if not ours (RFC 9115): the URL of the delegation, or only_delegation. Empty: they are ours.
  std::string delegation{};
  Rare<crypto::TokenKey> key{};  ///< none: acmed makes a key for each certificate

  /// `key_type` in words; empty for a key in a token of which nobody has said it.
  std::string_view key_type_text() const { return key && !key->type ? std::string_view() : crypto::to_text(key_type); }
};

/// The only delegation that our account has.
inline constexpr std::string_view only_delegation = "only";

/// One fault, as a sentence: "FILE:LINE:COLUMN: KEY: what was found, what is allowed".
struct Fault {
  std::string file;
  unsigned line = 0;
  unsigned column = 0;
  std::string sentence;

  std::string text() const;
};

/// [notify]: programs that are told what operators want to know.
struct Notify {
  std::vector<std::string> on_failure;          ///< argv; empty for none
  std::vector<std::string> on_success;          ///< argv; empty for none
  Duration after = std::chrono::hours(1);       ///< a trouble that ends before that is not told
  std::optional<LifeLeft> warn_before;          ///< the end of a certificate; none: a sixth of its life
  Duration timeout = std::chrono::seconds(60);  ///< of each run
};

struct Config {
  std::filesystem::path file;
  std::filesystem::path state_directory;
  std::map<std::string, Ca> cas;
  std::vector<Provider> providers;
  Routes routes;                       ///< which of them serves which name
  std::vector<std::string> resolvers;  ///< addresses with optional ports; empty: /etc/resolv.conf
  Propagation propagation;
  std::vector<Certificate> certificates;
  std::optional<std::filesystem::path> control_socket;  ///< [control] socket; none: where the service manager says
  std::vector<std::string> http_listen;                 ///< [http] listen: addresses with ports
  std::vector<std::string> http_hosts;                  ///< [http] hosts: names that browsers may call this host by
  Notify notify;
  std::vector<Fault> left_out{};  ///< why included files were left out; see load_for_start()
};

/// All faults of a configuration, ordered by file and line.
class Faults : public std::exception {
 public:
  explicit Faults(std::vector<Fault> faults);
  const char* what() const noexcept override { return text_.c_str(); }  ///< one fault a line
  const std::vector<Fault>& list() const noexcept { return faults_; }

 private:
  std::vector<Fault> faults_;
  std::string text_;
};

/// The values of one level, completed with those of the level above.
Propagation completed(const Propagation& own, const Propagation& above);

/// Reads `file` and everything that it includes. Blocks: a running daemon calls it through offload(). Throws Faults.
Config load(const std::filesystem::path& file);

/// The same for a process that starts, where nothing else is in force: included files with a fault are left out as a
/// whole, so that one of them does not keep the certificates of the others from being renewed, and told in
/// Config::left_out. Throws Faults when the fault is in `file` itself.
Config load_for_start(const std::filesystem::path& file);

/// The provider with the longest zone or delegated name that `name` is equal to or below; nothing when none serves it.
/// Each name of a certificate has one, if not for itself then for its `_acme-challenge` name, which may be a zone of
/// its own.
const Provider* provider_for(const Config& config, const std::string& name);

}  // namespace acmed::config
