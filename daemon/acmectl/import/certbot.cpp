// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "base/crypto/jwk.h"
#include "base/error.h"
#include "daemon/acmectl/import/files.h"
#include "daemon/acmectl/import/found.h"
#include "daemon/acmectl/import/hooks.h"
#include "daemon/acmectl/import/key_values.h"
#include "daemon/acmectl/toml_writer.h"

namespace acmed::acmectl::import {
namespace {

namespace fs = std::filesystem;

/// accounts/HOST/PATH/ID, as certbot makes it of a directory URL.
fs::path account_folder(const fs::path& folder, const std::string& directory, const std::string& id) {
  const auto begin = directory.find("://");
  return folder / "accounts" / (begin == directory.npos ? directory : directory.substr(begin + 3)) / id;
}

std::optional<FoundAccount> account_in(const fs::path& folder, const std::string& directory) {
  const auto registration = json_of(folder / "regr.json");
  const auto key = json_of(folder / "private_key.json");
  if (registration["uri"].text_or().empty() || key.is_null()) return std::nullopt;
  return FoundAccount{directory, crypto::private_key_from_jwk(key).to_pem(), registration["uri"].text_or(),
                      registration["body"]["contact"].texts()};
}

std::string with_port(const std::string& server, const std::string& port) {
  if (port.empty() || port == "53") return server;
  return server.find(':') == std::string::npos ? server + ":" + port : "[" + server + "]:" + port;
}

std::string in_lower_case(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return text;
}

FoundProvider rfc2136(const KeyValues& credentials) {
  FoundProvider provider;
  provider.type = "rfc2136";
  const auto server = with_port(value_of(credentials, "dns_rfc2136_server"), value_of(credentials, "dns_rfc2136_port"));
  provider.settings.emplace_back("server", in_toml(std::string_view(server)));
  auto algorithm = in_lower_case(value_of(credentials, "dns_rfc2136_algorithm"));
  // The plug-in's default.
  if (algorithm.empty() || algorithm == "hmac-md5") {
    provider.remarks.emplace_back(
        "this key is used with HMAC-MD5, which acmed refuses: make a new one with tsig-keygen -a hmac-sha256");
    algorithm = "hmac-sha256";
  }
  const auto secret = value_of(credentials, "dns_rfc2136_secret");
  // A key block says all three.
  provider.secrets.push_back(
      {"tsig", Secret(fmt::format("key \"{}\" {{\n\talgorithm {};\n\tsecret \"{}\";\n}};\n",
                                  value_of(credentials, "dns_rfc2136_name"), algorithm, secret))});
  return provider;
}

FoundProvider cloudflare(const KeyValues& credentials) {
  FoundProvider provider;
  const auto token = value_of(credentials, "dns_cloudflare_api_token");
  if (token.empty()) {
    provider.remarks.emplace_back(
        "certbot has Cloudflare's Global API Key, which acmed does not take: make an API token "
        "(docs/cloudflare.md)");
    return provider;
  }
  provider.type = "cloudflare";
  provider.secrets.push_back({"token", Secret(token)});
  return provider;
}

/// What the authenticator is in acmed.
FoundProvider provider_of(const std::string& authenticator, const KeyValues& parameters) {
  auto underscored = authenticator;
  std::ranges::replace(underscored, '-', '_');
  const auto file = value_of(parameters, underscored + "_credentials");
  const auto credentials = file.empty() ? KeyValues() : read_ini(text_of(file));
  if (authenticator == "dns-rfc2136") return rfc2136(credentials);
  if (authenticator == "dns-cloudflare") return cloudflare(credentials);
  FoundProvider provider;
  if (authenticator == "dns-route53") {
    provider.type = "route53";
    provider.remarks.emplace_back("credentials come from AWS's usual chain; the unit sees no home: docs/route53.md");
    return provider;
  }
  if (authenticator.starts_with("dns-")) {
    provider.remarks.push_back(
        fmt::format("acmed has no provider for {}: docs/other-dns.md says what there is", authenticator));
  } else {
    provider.remarks.push_back(fmt::format("certbot proves these names by {}; acmed needs a DNS that it may change",
                                           authenticator.empty() ? "what it was told by hand" : authenticator));
  }
  return provider;
}

/// Programs that run after every renewal, in the order of their names.
std::vector<FoundTarget> common_targets(const fs::path& folder) {
  std::vector<FoundTarget> targets;
  const auto hooks = folder / "renewal-hooks" / "deploy";
  std::error_code error;
  if (!fs::is_directory(hooks, error)) return targets;
  for (const auto& program : entries_of(hooks)) {
    if (!fs::is_regular_file(program, error) || ::access(program.c_str(), X_OK) != 0) continue;
    FoundTarget target;
    target.name = program.stem().string();
    target.post_hook = {"/usr/bin/env", "RENEWED_LINEAGE=/var/lib/acmed/live/{name}", program.string()};
    targets.push_back(std::move(target));
  }
  return targets;
}

void add_certificate(const fs::path& folder, const fs::path& renewal, const std::vector<FoundTarget>& common,
                     Found* found) {
  const auto parameters = read_ini(text_of(renewal));
  FoundCertificate certificate;
  certificate.name = renewal.stem().string();
  certificate.directory = value_of(parameters, "server");
  const auto live = folder / "live" / certificate.name;
  const auto file = [&](const char* key) {
    const auto named = value_of(parameters, key);
    return text_of(named.empty() ? live / (std::string(key) + ".pem") : fs::path(named));
  };
  certificate.key_pem = Secret(file("privkey"));
  certificate.certificate_pem = file("cert");
  certificate.chain_pem = file("chain");
  certificate.domains = domains_of(certificate.certificate_pem, certificate.name);
  if (certificate.domains.empty()) {
    found->remarks.push_back(fmt::format("{}: there is no certificate in {}", renewal.string(), live.string()));
    return;
  }
  const auto authenticator = value_of(parameters, "authenticator");
  auto provider = provider_of(authenticator, parameters);
  certificate.provider = authenticator.starts_with("dns-") ? authenticator.substr(4) : "dns";
  found->providers.emplace(certificate.provider, std::move(provider));
  for (const auto* key : {"renew_hook", "deploy_hook"}) {
    if (const auto command = value_of(parameters, key); !command.empty() && command != "None") {
      certificate.targets.push_back(target_of_command("hook", command));
    }
  }
  certificate.targets.insert(certificate.targets.end(), common.begin(), common.end());
  for (const auto* key : {"pre_hook", "post_hook"}) {
    if (const auto command = value_of(parameters, key); !command.empty() && command != "None") {
      found->remarks.push_back(fmt::format("{}: its {} is not taken over, since acmed stops nothing for a renewal: {}",
                                           certificate.name, key, command));
    }
  }
  const auto account = value_of(parameters, "account");
  const bool is_known = std::ranges::any_of(
      found->accounts, [&](const FoundAccount& each) { return each.directory == certificate.directory; });
  if (!is_known) {
    auto taken = account_in(account_folder(folder, certificate.directory, account), certificate.directory);
    if (taken) found->accounts.push_back(*std::move(taken));
  }
  found->certificates.push_back(std::move(certificate));
}

}  // namespace

Found find_certbot(const fs::path& folder) {
  Found found;
  const auto common = common_targets(folder);
  const auto renewals = folder / "renewal";
  std::error_code error;
  if (!fs::is_directory(renewals, error)) {
    throw Refused("import:none", fmt::format("{} is no folder of certbot's (its config-dir): it has no {}",
                                             folder.string(), renewals.string()));
  }
  for (const auto& renewal : entries_of(renewals)) {
    if (renewal.extension() == ".conf") add_certificate(folder, renewal, common, &found);
  }
  return found;
}

}  // namespace acmed::acmectl::import
