// SPDX-License-Identifier: Apache-2.0
#include "daemon/acmectl/import/writer.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "base/crypto/key.h"
#include "base/error.h"
#include "base/foreign_text.h"
#include "base/http/url.h"
#include "config/cas.h"
#include "config/names.h"
#include "daemon/acmectl/toml_writer.h"

namespace acmed::acmectl::import {
namespace {

constexpr std::size_t longest_remark = 500;

/// Fit for a name in the configuration.
std::string name_from(std::string_view text) {
  std::string name;
  if (text.starts_with("*.")) {
    name = "_.";
    text.remove_prefix(2);
  }
  for (const char c : text) {
    const bool is_capital = c >= 'A' && c <= 'Z';
    const bool is_kept = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
    name += is_capital ? static_cast<char>(c - 'A' + 'a') : is_kept ? c : '-';
  }
  return name.empty() ? "unnamed" : name;
}

std::string ca_name(const std::string& directory) {
  if (const auto known = config::well_known_ca_at(directory); !known.empty()) return std::string(known);
  auto host = name_from(http::host_of(directory));
  std::ranges::replace(host, '.', '-');
  return "ca-" + host;
}

std::string key_type_of(const Secret& pem) {
  try {
    return std::string(crypto::to_text(crypto::PrivateKey::from_pem(pem).type()));
  } catch (const Error&) {
    return {};
  }
}

/// The fewest names that all others are below.
std::vector<std::string> zones_of(const std::set<std::string>& names) {
  std::vector<std::string> zones;
  for (const auto& name : names) {
    const bool is_below = std::ranges::any_of(
        names, [&](const std::string& other) { return other != name && config::is_within(name, other); });
    if (!is_below) zones.push_back(name);
  }
  return zones;
}

class Writer {
 public:
  Writer(const Found& found, const std::filesystem::path& folder, const std::string& trust)
      : found_(found), folder_(folder), trust_(trust) {}

  Written write() {
    for (const auto& certificate : found_.certificates) {
      directories_.insert(certificate.directory);
      for (const auto& domain : certificate.domains) {
        names_[certificate.provider].insert(domain.starts_with("*.") ? domain.substr(2) : domain);
      }
    }
    for (const auto& account : found_.accounts) directories_.insert(account.directory);
    for (const auto& directory : directories_) write_ca(directory);
    for (const auto& [name, provider] : found_.providers) write_provider(name, provider);
    for (const auto& certificate : found_.certificates) write_certificate(certificate);
    result_.toml = toml_.take();
    return std::move(result_);
  }

 private:
  void write_ca(const std::string& directory) {
    const auto name = ca_name(directory);
    const bool is_known = config::well_known_ca_at(directory) == name;
    toml_.table({"ca", name});
    if (!is_known) {
      if (!found_.knows_directories) {
        toml_.comment("only the host of this URL is known: correct it");
        result_.missing.push_back(fmt::format("directory in [ca.{}]: only its host is known", name));
      }
      toml_.text("directory", directory);
      if (!trust_.empty()) {
        toml_.text("trust", trust_);
      } else {
        toml_.comment("trust = \"/etc/acmed/root.pem\"   # for a private CA: its root");
      }
    }
    const auto account = std::ranges::find(found_.accounts, directory, &FoundAccount::directory);
    if (account != found_.accounts.end()) {
      toml_.texts_if("contact", account->contact);
      const auto type = key_type_of(account->key_pem);
      if (!type.empty() && type != "ecdsa-p256") toml_.text("account_key_type", type);
    }
    toml_.boolean("terms_agreed", true);
  }

  void write_provider(const std::string& name, const FoundProvider& provider) {
    const auto own_name = name_from(name);
    const auto zones = zones_of(names_[name]);
    if (provider.type.empty()) {
      // What is not known is a comment: the rest is right as it stands.
      toml_.gap();
      toml_.comment(fmt::format("[provider.{}]", own_name));
      for (const auto& remark : provider.remarks) toml_.comment("# " + one_line(remark, longest_remark));
      toml_.comment("type = \"...\"");
      toml_.comment("zones = " + in_toml(zones));
      result_.missing.push_back(fmt::format("[provider.{}] for {}: {}", own_name, fmt::join(zones, ", "),
                                            provider.remarks.empty() ? "" : provider.remarks.front()));
      return;
    }
    toml_.table({"provider", own_name});
    for (const auto& remark : provider.remarks) toml_.comment(one_line(remark, longest_remark));
    toml_.text("type", provider.type);
    auto settings = provider.settings;
    for (const auto& secret : provider.secrets) {
      const bool is_variable = secret.key.starts_with('@');
      const auto path = folder_ / fmt::format("{}.{}", own_name, is_variable ? secret.key.substr(1) : secret.key);
      result_.secrets.push_back({path, secret.content});
      const auto file = fmt::format("{{ file = {} }}", in_toml(std::string_view(path.string())));
      if (is_variable) {
        for (auto& [key, value] : settings) {
          const auto mark = fmt::format("\"{}@\"", secret.key);
          const auto place = value.find(mark);
          if (place != value.npos) value.replace(place, mark.size(), in_toml(std::string_view(path.string())));
        }
      } else {
        settings.emplace_back(secret.key, secret.key == "tsig" ? fmt::format("{{ secret = {} }}", file) : file);
      }
    }
    for (const auto& [key, value] : settings) toml_.raw(key, value);
    toml_.texts("zones", zones);
  }

  std::string unique(std::string name, const std::string& suffix) {
    if (!taken_.insert(name).second) {
      name += "-" + suffix;
      while (!taken_.insert(name).second) name += "-2";
    }
    return name;
  }

  void write_certificate(const FoundCertificate& certificate) {
    const auto type = key_type_of(certificate.key_pem);
    toml_.table_of_list({"certificate"});
    toml_.text("name", unique(name_from(certificate.name), type.empty() ? "other" : type));
    toml_.texts("domains", certificate.domains);
    if (directories_.size() > 1) toml_.text("ca", ca_name(certificate.directory));
    if (!type.empty() && type != "ecdsa-p256") toml_.text("key_type", type);
    std::set<std::string> names;
    for (const auto& target : certificate.targets) write_target(target, names);
  }

  void write_target(const FoundTarget& target, std::set<std::string>& names) {
    auto name = name_from(target.name);
    while (!names.insert(name).second) name += "-2";
    toml_.table_of_list({"certificate", "deploy"}, 2);
    toml_.text("name", name);
    toml_.text_if("directory", target.directory);
    if (!target.files.empty()) {
      std::string files;
      for (const auto& [form, file] : target.files) {
        files += fmt::format("{}{} = {}", files.empty() ? "" : ", ", form, in_toml(std::string_view(file)));
      }
      toml_.raw("files", "{ " + files + " }");
    }
    toml_.texts_if("reload", target.reload);
    toml_.texts_if("restart", target.restart);
    toml_.texts_if("post_hook", target.post_hook);
  }

  const Found& found_;
  const std::filesystem::path& folder_;
  const std::string& trust_;
  std::set<std::string> directories_;
  std::map<std::string, std::set<std::string>> names_;  ///< by provider
  std::set<std::string> taken_;
  TomlWriter toml_;
  Written result_;
};

}  // namespace

Written written(const Found& found, const std::filesystem::path& folder, const std::string& trust) {
  return Writer(found, folder, trust).write();
}

}  // namespace acmed::acmectl::import
