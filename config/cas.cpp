// SPDX-License-Identifier: Apache-2.0
#include "config/cas.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/crypto/encoding.h"
#include "base/error.h"
#include "config/addresses.h"
#include "config/preferred_chain.h"
#include "config/secrets.h"
#include "config/trust.h"
#include "config/urls.h"

namespace acmed::config {
namespace {

constexpr std::int64_t most_orders = 1000;
// Let's Encrypt's, of its page about profiles.
constexpr std::size_t names_of_profiles = 100;
constexpr std::size_t names_of_small_profiles = 25;
/// For the HMAC key of external account binding (RFC 8555 §7.3.4): HS256 wants 256 bits, some CAs hand out 128.
constexpr std::size_t shortest_hmac_key = 16;
constexpr std::size_t longest_account_label = 64;
constexpr std::int64_t most_of_a_limit = 1'000'000;
constexpr Duration shortest_window = std::chrono::minutes(1);
constexpr Duration longest_window = std::chrono::hours(24 * 366);

constexpr std::array<std::pair<std::string_view, std::string_view>, 9> well_known = {{
    {"letsencrypt", "https://acme-v02.api.letsencrypt.org/directory"},
    {"letsencrypt-staging", "https://acme-staging-v02.api.letsencrypt.org/directory"},
    {"google", "https://dv.acme-v02.api.pki.goog/directory"},
    {"google-staging", "https://dv.acme-v02.test-api.pki.goog/directory"},
    {"zerossl", "https://acme.zerossl.com/v2/DV90"},
    {"sslcom", "https://acme.ssl.com/sslcom-dv-ecc"},
    {"sslcom-ecc", "https://acme.ssl.com/sslcom-dv-ecc"},
    {"sslcom-rsa", "https://acme.ssl.com/sslcom-dv-rsa"},
    {"sectigo", "https://acme.sectigo.com/v2/DV"},
}};

std::vector<std::string> well_known_names() {
  std::vector<std::string> names;
  names.reserve(well_known.size());
  for (const auto& [name, directory] : well_known) names.emplace_back(name);
  return names;
}

std::string read_directory(const std::string& name, Reader& reader) {
  const auto given = reader.text("directory");
  if (given) {
    const auto url = https_url(given->value);
    if (!url.good()) reader.fault(given->place, "directory", url.fault + " (RFC 8555 §6.1)");
    return given->value;
  }
  for (const auto& [known, directory] : well_known) {
    if (known == name) return std::string(directory);
  }
  if (reader.node("directory") == nullptr) {
    reader.fault("directory", fmt::format("is missing; only {} bring their own{}", listed(well_known_names(), "and"),
                                          did_you_mean(name, well_known_names())));
  }
  return {};
}

/// RFC 8555 §7.3: a CA refuses a mailto URL with header fields or with more than one address.
std::vector<std::string> read_contact(Reader& reader) {
  constexpr std::string_view scheme = "mailto:";
  std::vector<std::string> contacts;
  const auto given = reader.texts("contact");
  if (!given) return contacts;
  for (const auto& contact : *given) {
    const std::string_view url = contact.value;
    const auto at = url.find('@');
    const bool clean = std::all_of(url.begin(), url.end(), [](char c) { return c > 0x20 && c < 0x7f; });
    if (!url.starts_with(scheme) || !clean || url.find_first_of(",?") != std::string_view::npos ||
        at == std::string_view::npos || at <= scheme.size() || at + 1 == url.size()) {
      reader.fault(
          contact.place, "contact",
          in_quotes(url) + R"( was found, "mailto:" and one address is wanted: "mailto:hostmaster@example.com")");
    }
    contacts.push_back(contact.value);
  }
  return contacts;
}

Checked<Secret> hmac_key_from_base64(const Secret& text) {
  auto octets = crypto::from_base64(text.reveal());
  if (!octets) return {{}, "the key is not base64url; copy it as the CA shows it: letters, digits, \"-\" and \"_\""};
  if (octets->size() < shortest_hmac_key) {
    return {{},
            fmt::format("the key has {} octets, at least {} are wanted; copy all of what the CA shows", octets->size(),
                        shortest_hmac_key)};
  }
  return {Secret(*std::move(octets)), {}};
}

std::optional<ExternalAccount> read_external_account(Reader& ca) {
  auto table = ca.secret_table("eab");
  if (!table) return std::nullopt;
  auto& reader = *table;
  const bool has_key_id = reader.node("kid") != nullptr;
  const auto key_id = reader.text("kid");
  const bool has_hmac_key = reader.node("hmac_key") != nullptr;
  const auto hmac_key = read_secret(reader, "hmac_key");
  reader.end();
  if (!has_key_id) reader.fault("kid", "is missing: the key identifier that the CA gave with the HMAC key");
  if (!has_hmac_key) reader.fault("hmac_key", "is missing: the HMAC key that the CA gave, in base64url");
  if (!key_id || !hmac_key) return std::nullopt;
  return ExternalAccount{key_id->value, checked_secret(reader, "hmac_key", *hmac_key, hmac_key_from_base64)};
}

/// As they stand in URLs.
std::vector<std::string> read_hosts(Reader& reader) {
  std::vector<std::string> hosts;
  const auto given = reader.texts("hosts");
  if (!given) return hosts;
  for (const auto& host : *given) {
    const auto checked = server(host.value);
    if (!checked.good()) reader.fault(host.place, "hosts", checked.fault);
    const bool is_bare_ipv6 = is_address(checked.value) && checked.value.find(':') != std::string::npos;
    hosts.push_back(is_bare_ipv6 ? "[" + checked.value + "]" : checked.value);
  }
  return hosts;
}

/// Of several accounts at one directory; part of a folder's name only by its hash.
std::string read_account_label(Reader& reader) {
  const auto given = reader.text("account");
  if (!given) return {};
  const auto& label = given->value;
  const bool is_good = label.size() <= longest_account_label &&
                       label.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789._-") == std::string::npos;
  if (!is_good) {
    reader.fault(given->place, "account",
                 fmt::format("{} was found, a name of lower-case letters, digits, \".\", \"_\" and \"-\" is wanted, of "
                             "{} characters at most",
                             in_quotes(label), longest_account_label));
  }
  return label;
}

std::optional<Limit> read_limit(Reader& limits, std::string_view key) {
  auto table = limits.table(key);
  if (!table) return std::nullopt;
  auto& reader = *table;
  const bool has_most = reader.required("most", "how many the CA allows: most = 300");
  const bool has_window = reader.required("in", "in which time it allows them: in = \"3h\"");
  const auto most = reader.integer("most", 1, most_of_a_limit);
  const auto window = reader.duration("in", shortest_window, longest_window);
  reader.end();
  if (!has_most || !has_window || !most || !window) return std::nullopt;
  return Limit{static_cast<unsigned>(*most), *window};
}

CaLimits read_limits(Reader& ca) {
  CaLimits limits;
  auto table = ca.table("limits");
  if (!table) return limits;
  limits.orders = read_limit(*table, "orders");
  limits.same_names = read_limit(*table, "same_names");
  limits.domain = read_limit(*table, "domain");
  limits.failures = read_limit(*table, "failures");
  table->end();
  return limits;
}

std::string key_id_of(const Ca& ca) {
  return ca.external_account ? ca.external_account->key_id : "";
}

/// The key types that CAs accept for accounts.
const std::vector<std::pair<std::string, crypto::KeyType>>& account_key_types() {
  static const std::vector<std::pair<std::string, crypto::KeyType>> types = {
      {"ecdsa-p256", crypto::KeyType::ecdsa_p256},
      {"ecdsa-p384", crypto::KeyType::ecdsa_p384},
      {"rsa-2048", crypto::KeyType::rsa_2048},
      {"rsa-3072", crypto::KeyType::rsa_3072},
      {"rsa-4096", crypto::KeyType::rsa_4096}};
  return types;
}

/// The account is that of the key: no other is made, and there is no type to choose.
void read_account_key(Reader& reader, Ca& ca) {
  const auto secret = read_secret(reader, "account_key", SecretForm::text);
  if (!secret) return;
  try {
    const auto key = crypto::PrivateKey::from_pem(secret->text());
    const auto& allowed = account_key_types();
    if (std::ranges::none_of(allowed, [&](const auto& type) { return type.second == key.type(); })) {
      reader.fault(secret->place, "account_key",
                   fmt::format("the key is {}, which no CA takes for an account", crypto::to_text(key.type())));
    } else if (reader.node("account_key_type") != nullptr) {
      reader.fault(reader.node("account_key_type")->place, "account_key_type",
                   "account_key brings a key along, whose type is as it is; leave this one out");
    }
    ca.account_key = key.type();
    ca.brought_key = BroughtKey{key.to_pem(), key.jwk_thumbprint()};
  } catch (const Error&) {
    reader.fault(
        secret->place, "account_key",
        "this is no private key in PEM (-----BEGIN PRIVATE KEY-----), unencrypted; certbot's private_key.json is "
        "another form");
  }
}

std::string thumbprint_of(const Ca& ca) {
  return ca.brought_key ? ca.brought_key->thumbprint : "";
}

}  // namespace

std::string fault_of_contact(const Ca& ca, const std::map<std::string, Ca>& others) {
  for (const auto& [name, other] : others) {
    const bool is_one_account = other.directory == ca.directory && other.account_key == ca.account_key &&
                                key_id_of(other) == key_id_of(ca) && thumbprint_of(other) == thumbprint_of(ca) &&
                                other.account == ca.account;
    if (is_one_account && other.contact != ca.contact) {
      return fmt::format(
          "[ca.{}] has the same account (directory, eab, account_key_type) and another contact: give "
          "both the same, or an account of its own to one of them: account = \"{}\"",
          name, ca.name);
    }
  }
  return {};
}

std::string fault_of_limits(const Ca& ca, const std::map<std::string, Ca>& others) {
  for (const auto& [name, other] : others) {
    if (other.directory != ca.directory || other.limits == ca.limits) continue;
    return fmt::format(
        "[ca.{}] has the same directory and other limits: what is used of them is counted for the CA as a whole; give "
        "both the same",
        name);
  }
  return {};
}

std::string_view well_known_ca_at(std::string_view directory) {
  const auto* known = std::ranges::find(well_known, directory, &std::pair<std::string_view, std::string_view>::second);
  return known == well_known.end() ? std::string_view() : known->first;
}

std::string_view well_known_directory_at(std::string_view host) {
  std::string_view found;
  for (const auto& [name, directory] : well_known) {
    const auto beginning = fmt::format("https://{}/", host);
    if (!directory.starts_with(beginning) || directory == found) continue;
    if (!found.empty()) return {};
    found = directory;
  }
  return found;
}

std::optional<std::size_t> most_names_at(std::string_view directory, std::string_view profile) {
  if (!well_known_ca_at(directory).starts_with("letsencrypt")) return std::nullopt;
  const bool is_small = profile == "tlsserver" || profile == "shortlived";
  return is_small ? names_of_small_profiles : names_of_profiles;
}

bool is_well_known_ca(std::string_view name) {
  return std::any_of(well_known.begin(), well_known.end(), [&](const auto& known) { return known.first == name; });
}

Ca read_ca(const std::string& name, Reader reader) {
  Ca ca;
  ca.name = name;
  ca.directory = read_directory(name, reader);
  ca.contact = read_contact(reader);
  const bool terms_given = reader.node("terms_agreed") != nullptr;
  const auto terms = reader.boolean("terms_agreed");
  ca.terms_agreed = terms.value_or(false);
  if (!terms_given || (terms && !*terms)) {
    reader.fault("terms_agreed", "read the CA's terms of service, then agree by: terms_agreed = true");
  }
  ca.trust_pem = read_trust(reader);
  if (auto profile = reader.text("profile")) ca.profile = std::move(profile->value);
  ca.profile_required = reader.boolean("profile_required").value_or(false);
  if (ca.profile_required && reader.node("profile") == nullptr) {
    reader.fault("profile_required", "is true, but no profile is named; add: profile = \"NAME\"");
  }
  ca.external_account = read_external_account(reader);
  ca.preferred_chain = read_preferred_chain(reader).value_or("");
  ca.account_key = reader.choice("account_key_type", account_key_types()).value_or(ca.account_key);
  read_account_key(reader, ca);
  ca.concurrency = static_cast<unsigned>(reader.integer("concurrency", 1, most_orders).value_or(ca.concurrency));
  ca.hosts = read_hosts(reader);
  ca.limits = read_limits(reader);
  ca.account = read_account_label(reader);
  ca.has_common_name = reader.choice<bool>("common_name", {{"first", true}, {"none", false}}).value_or(false);
  reader.end();
  return ca;
}

}  // namespace acmed::config
