// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "base/crypto/x509.h"
#include "base/error.h"
#include "base/http/url.h"
#include "config/cas.h"
#include "daemon/acmectl/import/files.h"
#include "daemon/acmectl/import/found.h"
#include "daemon/acmectl/toml_writer.h"

namespace acmed::acmectl::import {
namespace {

namespace fs = std::filesystem;

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : value;
}

/// The directory of the CA on that host; where it is none that is known, what most have.
std::string directory_at(const std::string& url) {
  const auto host = http::host_of(url);
  if (auto known = config::well_known_directory_at(host); !known.empty()) return std::string(known);
  return "https://" + host + "/directory";
}

/// lego is told its provider by its environment each time, and remembers nothing of it.
std::optional<std::pair<std::string, FoundProvider>> provider_of_environment() {
  FoundProvider provider;
  if (const auto server = environment("RFC2136_NAMESERVER"); !server.empty()) {
    provider.type = "rfc2136";
    provider.settings.emplace_back("server", in_toml(std::string_view(server)));
    auto algorithm = environment("RFC2136_TSIG_ALGORITHM");
    while (algorithm.ends_with('.')) algorithm.pop_back();
    if (const auto key = environment("RFC2136_TSIG_KEY"); !key.empty()) {
      provider.secrets.push_back({"tsig", Secret(fmt::format("key \"{}\" {{\n\talgorithm {};\n\tsecret \"{}\";\n}};\n",
                                                             key, algorithm.empty() ? "hmac-sha1" : algorithm,
                                                             environment("RFC2136_TSIG_SECRET")))});
    }
    return std::pair("rfc2136", provider);
  }
  for (const auto* name : {"CF_DNS_API_TOKEN", "CLOUDFLARE_DNS_API_TOKEN"}) {
    if (const auto token = environment(name); !token.empty()) {
      provider.type = "cloudflare";
      provider.secrets.push_back({"token", Secret(token)});
      return std::pair("cloudflare", provider);
    }
  }
  if (const auto url = environment("PDNS_API_URL"); !url.empty()) {
    provider.type = "powerdns";
    provider.settings.emplace_back("url", in_toml(std::string_view(url)));
    provider.secrets.push_back({"api_key", Secret(environment("PDNS_API_KEY"))});
    return std::pair("powerdns", provider);
  }
  if (const auto key = environment("AWS_ACCESS_KEY_ID"); !key.empty()) {
    provider.type = "route53";
    provider.settings.emplace_back("access_key_id", in_toml(std::string_view(key)));
    provider.secrets.push_back({"secret_access_key", Secret(environment("AWS_SECRET_ACCESS_KEY"))});
    return std::pair("route53", provider);
  }
  return std::nullopt;
}

void add_accounts(const fs::path& folder, Found* found) {
  std::error_code error;
  for (const auto& server : entries_of(folder / "accounts")) {
    if (!fs::is_directory(server, error)) continue;
    for (const auto& account : entries_of(server)) {
      const auto told = json_of(account / "account.json");
      const auto email = told["email"].text_or(account.filename().string());
      const auto key = text_of(account / "keys" / (email + ".key"));
      const auto url = told["registration"]["uri"].text_or();
      if (key.empty() || url.empty()) continue;
      auto contact = told["registration"]["body"]["contact"].texts();
      if (contact.empty() && !email.empty()) contact.push_back("mailto:" + email);
      found->accounts.push_back({directory_at(url), Secret(key), url, std::move(contact)});
    }
  }
}

void add_certificate(const fs::path& file, Found* found) {
  const auto base = file.parent_path() / file.stem();
  const auto with = [&](const char* extension) { return fs::path(base.string() + extension); };
  const auto told = json_of(file);
  FoundCertificate certificate;
  certificate.name = file.stem().string();
  certificate.key_pem = Secret(text_of(with(".key")));
  const auto chain = text_of(with(".crt"));
  certificate.domains = domains_of(chain, told["domain"].text_or());
  const auto url = told["certUrl"].text_or(told["certStableUrl"].text_or());
  if (certificate.domains.empty() || certificate.key_pem.empty() || url.empty()) {
    found->remarks.push_back(fmt::format("{}: there is no certificate with its key", file.string()));
    return;
  }
  certificate.directory = directory_at(url);
  const auto certificates = crypto::parse_chain(chain);
  certificate.certificate_pem = certificates.front().to_pem();
  for (std::size_t i = 1; i < certificates.size(); ++i) certificate.chain_pem += certificates[i].to_pem();
  if (certificate.chain_pem.empty()) certificate.chain_pem = text_of(with(".issuer.crt"));
  found->certificates.push_back(std::move(certificate));
}

}  // namespace

Found find_lego(const fs::path& folder) {
  Found found;
  found.knows_directories = false;
  const auto certificates = folder / "certificates";
  std::error_code error;
  if (!fs::is_directory(certificates, error)) {
    throw Refused("import:none", fmt::format("{} is no folder of lego's (its --path): it has no {}", folder.string(),
                                             certificates.string()));
  }
  if (fs::is_directory(folder / "accounts", error)) add_accounts(folder, &found);
  for (const auto& file : entries_of(certificates)) {
    if (file.extension() == ".json") add_certificate(file, &found);
  }
  auto provider = provider_of_environment();
  if (!provider) {
    FoundProvider unknown;
    unknown.remarks.emplace_back(
        "lego does not remember its DNS provider: call this with the environment that lego gets, or fill it in");
    provider = std::pair("dns", std::move(unknown));
  }
  for (auto& certificate : found.certificates) certificate.provider = provider->first;
  if (!found.certificates.empty()) found.providers.insert(*std::move(provider));
  found.remarks.emplace_back(
      "lego's hooks stand where it is called (--renew-hook): write them as [[certificate.deploy]]");
  return found;
}

}  // namespace acmed::acmectl::import
