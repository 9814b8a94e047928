// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/secret.h"

/// What was found of another ACME client, in acmed's words.
namespace acmed::acmectl::import {

/// An account at a CA.
struct FoundAccount {
  std::string directory;             ///< the CA's directory URL
  Secret key_pem;                    ///< PKCS #8
  std::string url;                   ///< of the account
  std::vector<std::string> contact;  ///< "mailto:..."
};

/// What is done after a renewal.
struct FoundTarget {
  std::string name;
  std::string directory;                                   ///< empty: no copies
  std::vector<std::pair<std::string, std::string>> files;  ///< form and name, "fullchain" and "x.pem"
  std::vector<std::string> reload;                         ///< units
  std::vector<std::string> restart;                        ///< units
  std::vector<std::string> post_hook;                      ///< argv
};

/// Something secret that the configuration names as a file.
struct FoundSecret {
  std::string key;  ///< "token"; "tsig" for that table
  Secret content;
};

/// Who changes the DNS.
struct FoundProvider {
  std::string type;  ///< as acmed spells it; empty: acmed has none that does the same
  std::vector<std::pair<std::string, std::string>> settings;  ///< key, value in TOML
  std::vector<FoundSecret> secrets;
  std::vector<std::string> remarks;  ///< what a person has to do
};

struct FoundCertificate {
  std::string name;                  ///< as the other client calls it
  std::vector<std::string> domains;  ///< the first one first
  std::string directory;             ///< the CA's directory URL
  std::string provider;              ///< key in Found::providers; empty: unknown
  std::vector<FoundTarget> targets;
  Secret key_pem;
  std::string certificate_pem;
  std::string chain_pem;
};

struct Found {
  std::vector<FoundAccount> accounts;
  std::map<std::string, FoundProvider> providers;  ///< by name
  std::vector<FoundCertificate> certificates;
  std::vector<std::string> remarks;  ///< what could not be read, or is done otherwise
  /// Whether the client remembers the URLs of directories. Otherwise only their hosts are right.
  bool knows_directories = true;
};

/// Each throws Refused ("import:none") when there is nothing of that client in `folder`, Retry when it cannot be read.
/// Block.
Found find_certbot(const std::filesystem::path& folder);
Found find_lego(const std::filesystem::path& folder);
Found find_acme_sh(const std::filesystem::path& folder);

}  // namespace acmed::acmectl::import
