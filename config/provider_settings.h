// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/crypto/digest.h"
#include "base/runtime/secret_source.h"
#include "base/time.h"

/// What [provider.NAME] contains besides its zones, for each type of provider.
namespace acmed::config {

struct Tsig {
  std::string name;
  crypto::Digest algorithm = crypto::Digest::sha256;
  SecretSource secret;  ///< raw octets
};

/// An account at an acme-dns server, with the right to change the TXT values at one name.
struct AcmeDnsAccount {
  std::string domain;       ///< the domain whose challenges it is for
  std::string full_domain;  ///< where the values are; the domain's challenge name is an alias to it
  std::string subdomain;
  std::string user_name;
  SecretSource password;
};

/// type = "acme-dns"
struct AcmeDns {
  std::string url;                       ///< without a final slash
  std::vector<std::string> allow_from;   ///< networks that may use the accounts that acmed registers; empty for all
  std::vector<AcmeDnsAccount> accounts;  ///< registered by other means
  std::string trust_pem;                 ///< the content of `trust`; empty for the system's trust store alone
};

/// type = "powerdns"
struct PowerDns {
  std::string url;  ///< of the server, without "/api/v1" and without a final slash
  SecretSource api_key;
  std::string server_id = "localhost";
  std::string trust_pem;                        ///< the content of `trust`; empty for the system's trust store alone
  Duration timeout = std::chrono::seconds(60);  ///< for each call
};

/// type = "cloudflare"
struct Cloudflare {
  SecretSource token;
  std::optional<SecretSource> zone_token;  ///< for looking up zones; none: `token` is used for that too
  std::string zone_id;                     ///< of the provider's only zone; empty: looked up
  std::string url;                         ///< of the API, without a final slash
  std::string trust_pem;                   ///< the content of `trust`; empty for the system's trust store alone
};

/// type = "rfc2136"
struct Rfc2136 {
  std::string server;  ///< host name or address, with an optional port
  std::optional<Tsig> tsig;
  std::string zone = {};  ///< the zone that updates name; empty: the server is asked
};

/// One variable of a program's environment.
struct Variable {
  std::string name;
  SecretSource value;
  bool hidden = false;  ///< the value is a secret: no trace of it may get into a log
};

/// Somebody else's program that changes records.
struct ExternalProgram {
  std::vector<std::string> command;   ///< argv, checked to be executable when the configuration was read
  std::vector<Variable> environment;  ///< all that it gets besides PATH
  Duration timeout = std::chrono::seconds(60);
};

/// How lego's conventions describe a record: by its name and value, or by what these are computed from.
enum class LegoMode { finished, raw };

/// type = "exec"
struct Exec {
  ExternalProgram program;
};

/// type = "lego-exec"
struct LegoExec {
  ExternalProgram program;
  LegoMode mode = LegoMode::finished;
};

/// type = "lego-httpreq"
struct LegoHttpreq {
  std::string endpoint;  ///< URL without a final slash
  LegoMode mode = LegoMode::finished;
  std::string username;  ///< empty: no authentication
  SecretSource password;
  std::string trust_pem;
  Duration timeout = std::chrono::seconds(30);
};

/// type = "responder": acmed itself is the name server of the provider's zones.
struct Responder {
  std::vector<std::string> listen;         ///< addresses with optional ports; none: the service manager's sockets
  std::optional<std::string> name_server;  ///< none: ns.ZONE
  std::vector<std::string> addresses;      ///< of the name server, for those of its names that are in a zone of ours
  std::optional<std::string> contact;      ///< a mailbox as a domain name; none: hostmaster.ZONE
  unsigned responses_per_second = 100;     ///< to one network; 0: unlimited
};

struct AwsKey {
  std::string id;
  SecretSource secret;
  SecretSource session_token;  ///< empty for long-term keys
};

/// type = "route53"
struct Route53 {
  std::string url;             ///< http or https
  std::string region;          ///< for which requests to it are signed
  std::string sts_url;         ///< http or https
  std::string sts_region;      ///< likewise
  std::string partition;       ///< "aws", "aws-cn": the beginning of ARNs
  std::string trust_pem;       ///< the content of `trust`; empty for the system's trust store alone
  std::string hosted_zone_id;  ///< empty: looked up
  std::optional<AwsKey> key;   ///< none: the usual AWS credential chain
  std::string profile;         ///< in AWS's files; empty for the usual chain
  std::string role_arn;        ///< the role to assume; empty for none
  std::string external_id;
  std::string role_session_name;
};

using ProviderSettings =
    std::variant<AcmeDns, Cloudflare, Exec, LegoExec, LegoHttpreq, PowerDns, Responder, Rfc2136, Route53>;

}  // namespace acmed::config
