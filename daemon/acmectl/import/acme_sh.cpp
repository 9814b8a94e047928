// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <sstream>

#include "base/error.h"
#include "daemon/acmectl/import/files.h"
#include "daemon/acmectl/import/found.h"
#include "daemon/acmectl/import/hooks.h"
#include "daemon/acmectl/import/key_values.h"
#include "daemon/acmectl/toml_writer.h"

namespace acmed::acmectl::import {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view elliptic = "_ecc";
constexpr std::string_view usual_ca = "https://acme.zerossl.com/v2/DV90";

/// ca/HOST/PATH, as acme.sh makes it of a directory URL.
fs::path account_folder(const fs::path& folder, const std::string& directory) {
  const auto begin = directory.find("://");
  auto rest = begin == directory.npos ? directory : directory.substr(begin + 3);
  while (rest.ends_with('/')) rest.pop_back();
  return folder / "ca" / rest;
}

std::vector<std::string> split(const std::string& list) {
  std::vector<std::string> parts;
  std::istringstream stream(list);
  for (std::string part; std::getline(stream, part, ',');) {
    if (!part.empty()) parts.push_back(part);
  }
  return parts;
}

/// A setting of a DNS script: acme.sh keeps them as SAVED_NAME, newer scripts as NAME.
std::string setting(const KeyValues& account, const std::string& name) {
  const auto saved = value_of(account, "SAVED_" + name);
  return saved.empty() ? value_of(account, name) : saved;
}

/// What acmed has no provider for, the script itself does.
FoundProvider by_script(const fs::path& folder, const std::string& script, const KeyValues& account) {
  FoundProvider provider;
  provider.type = "lego-exec";
  provider.settings.emplace_back("command", in_toml(std::vector<std::string>{"/usr/lib/acmed/acmed-acme-sh", script}));
  std::string variables = fmt::format("{{ ACME_SH = {}", in_toml(std::string_view((folder / "acme.sh").string())));
  for (const auto& [key, value] : account) {
    if (!key.starts_with("SAVED_") || value.empty()) continue;
    const auto name = key.substr(6);
    variables += fmt::format(", {} = {{ file = \"@{}@\" }}", name, name);
    provider.secrets.push_back({"@" + name, Secret(value)});
  }
  provider.settings.emplace_back("environment", variables + " }");
  provider.remarks.push_back(
      fmt::format("acme.sh's script {} goes on doing it; acmed's unit sees no home: move acme.sh from {} to where the "
                  "user acmed may "
                  "read it, and leave in `environment` what that script needs",
                  script, folder.string()));
  return provider;
}

FoundProvider provider_of(const fs::path& folder, const std::string& script, const KeyValues& account) {
  FoundProvider provider;
  if (script == "dns_cf" && !setting(account, "CF_Token").empty()) {
    provider.type = "cloudflare";
    provider.secrets.push_back({"token", Secret(setting(account, "CF_Token"))});
    return provider;
  }
  if (script == "dns_nsupdate") {
    const auto key = text_of(setting(account, "NSUPDATE_KEY"));
    provider.type = "rfc2136";
    auto server = setting(account, "NSUPDATE_SERVER");
    if (server.empty()) server = "localhost";
    const auto port = setting(account, "NSUPDATE_SERVER_PORT");
    if (!port.empty() && port != "53") server += ":" + port;
    provider.settings.emplace_back("server", in_toml(std::string_view(server)));
    if (const auto zone = setting(account, "NSUPDATE_ZONE"); !zone.empty()) {
      provider.settings.emplace_back("zone", in_toml(std::string_view(zone)));
    }
    if (!key.empty()) provider.secrets.push_back({"tsig", Secret(key)});
    return provider;
  }
  if (script == "dns_aws" && !setting(account, "AWS_ACCESS_KEY_ID").empty()) {
    provider.type = "route53";
    provider.settings.emplace_back("access_key_id", in_toml(std::string_view(setting(account, "AWS_ACCESS_KEY_ID"))));
    provider.secrets.push_back({"secret_access_key", Secret(setting(account, "AWS_SECRET_ACCESS_KEY"))});
    return provider;
  }
  if (script == "dns_pdns" && !setting(account, "PDNS_Url").empty()) {
    provider.type = "powerdns";
    provider.settings.emplace_back("url", in_toml(std::string_view(setting(account, "PDNS_Url"))));
    provider.settings.emplace_back("server_id", in_toml(std::string_view(setting(account, "PDNS_ServerId"))));
    provider.secrets.push_back({"api_key", Secret(setting(account, "PDNS_Token"))});
    return provider;
  }
  if (script.starts_with("dns_")) return by_script(folder, script, account);
  provider.remarks.push_back(fmt::format("acme.sh proves these names by {}; acmed needs a DNS that it may change",
                                         script.empty() ? "hand" : script));
  return provider;
}

/// Where acme.sh installed copies, and what it ran then.
std::vector<FoundTarget> targets_of(const std::string& name, const KeyValues& values, Found* found) {
  FoundTarget target;
  const auto command = value_of(values, "Le_ReloadCmd");
  if (!command.empty()) target = target_of_command("install", command);
  target.name = "install";
  // The key's folder is the target's.
  static constexpr std::array<std::pair<const char*, const char*>, 4> copies = {{{"Le_RealKeyPath", "privkey"},
                                                                                 {"Le_RealFullChainPath", "fullchain"},
                                                                                 {"Le_RealCertPath", "cert"},
                                                                                 {"Le_RealCACertPath", "chain"}}};
  for (const auto& [key, form] : copies) {
    const fs::path path = value_of(values, key);
    if (path.empty()) continue;
    if (target.directory.empty()) target.directory = path.parent_path().string();
    if (target.directory == path.parent_path().string()) {
      target.files.emplace_back(form, path.filename().string());
    } else {
      found->remarks.push_back(fmt::format(
          "{}: acme.sh also installs {}, in another folder than {}: acmed switches the files of a target together, so "
          "write a [[certificate.deploy]] for it",
          name, path.string(), target.directory));
    }
  }
  const bool is_something =
      !target.directory.empty() || !target.reload.empty() || !target.restart.empty() || !target.post_hook.empty();
  return is_something ? std::vector{target} : std::vector<FoundTarget>();
}

void add_certificate(const fs::path& folder, const fs::path& of_domain, const KeyValues& account, Found* found) {
  auto domain = of_domain.filename().string();
  const bool is_elliptic = domain.ends_with(elliptic);
  if (is_elliptic) domain.resize(domain.size() - elliptic.size());
  const auto values = read_shell(text_of(of_domain / (domain + ".conf")));
  if (value_of(values, "Le_Domain").empty()) return;
  FoundCertificate certificate;
  certificate.name = domain;
  certificate.directory = value_of(values, "Le_API");
  if (certificate.directory.empty()) certificate.directory = usual_ca;
  certificate.key_pem = Secret(text_of(of_domain / (domain + ".key")));
  certificate.certificate_pem = text_of(of_domain / (domain + ".cer"));
  certificate.chain_pem = text_of(of_domain / "ca.cer");
  certificate.domains = domains_of(certificate.certificate_pem, domain);
  if (certificate.domains.empty()) {
    found->remarks.push_back(fmt::format("{}: there is no certificate", of_domain.string()));
    return;
  }
  // A list when names are proved in different ways.
  const auto ways = split(value_of(values, "Le_Webroot"));
  certificate.provider = ways.empty() ? "dns" : ways.front();
  if (certificate.provider.starts_with("dns_")) certificate.provider.erase(0, 4);
  if (certificate.provider.find_first_of("/ ") != std::string::npos) certificate.provider = "dns";
  found->providers.emplace(certificate.provider,
                           provider_of(folder, ways.empty() ? std::string() : ways.front(), account));
  if (ways.size() > 1) {
    found->remarks.push_back(fmt::format("{}: its names are proved in several ways ({}): give each provider its zones",
                                         domain, value_of(values, "Le_Webroot")));
  }
  certificate.targets = targets_of(domain, values, found);
  const bool is_known = std::ranges::any_of(
      found->accounts, [&](const FoundAccount& each) { return each.directory == certificate.directory; });
  const auto of_ca = account_folder(folder, certificate.directory);
  const auto ca = read_shell(text_of(of_ca / "ca.conf"));
  const auto key = text_of(of_ca / "account.key");
  if (!is_known && !key.empty() && !value_of(ca, "ACCOUNT_URL").empty()) {
    auto email = value_of(ca, "CA_EMAIL");
    if (email.empty()) email = value_of(account, "ACCOUNT_EMAIL");
    found->accounts.push_back({certificate.directory, Secret(key), value_of(ca, "ACCOUNT_URL"),
                               email.empty() ? std::vector<std::string>() : std::vector{"mailto:" + email}});
  }
  found->certificates.push_back(std::move(certificate));
}

}  // namespace

Found find_acme_sh(const fs::path& folder) {
  Found found;
  std::error_code error;
  if (!fs::is_regular_file(folder / "account.conf", error)) {
    throw Refused("import:none", fmt::format("{} is no folder of acme.sh's (its --home or --config-home): it has no {}",
                                             folder.string(), (folder / "account.conf").string()));
  }
  const auto account = read_shell(text_of(folder / "account.conf"));
  for (const auto& entry : entries_of(folder)) {
    if (fs::is_directory(entry, error)) add_certificate(folder, entry, account, &found);
  }
  const auto elsewhere = value_of(account, "CERT_HOME");
  if (!elsewhere.empty() && fs::is_directory(elsewhere, error) && fs::path(elsewhere) != folder) {
    for (const auto& entry : entries_of(elsewhere)) {
      if (fs::is_directory(entry, error)) add_certificate(folder, entry, account, &found);
    }
  }
  return found;
}

}  // namespace acmed::acmectl::import
