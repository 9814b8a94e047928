// SPDX-License-Identifier: Apache-2.0
#include "config/certificates.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "config/cas.h"
#include "config/dane.h"
#include "config/delegation.h"
#include "config/key_types.h"
#include "config/life_left.h"
#include "config/names.h"
#include "config/preferred_chain.h"
#include "config/propagation.h"
#include "config/section_name.h"
#include "config/target_files.h"
#include "config/token_key.h"

namespace acmed::config {
namespace {

/// Public CAs accept no more in one certificate.
constexpr std::size_t most_names = 100;
/// That one certificate can be asked of.
constexpr std::size_t most_cas = 8;

std::vector<std::string> ca_names(const Config& config) {
  std::vector<std::string> names;
  names.reserve(config.cas.size());
  for (const auto& [name, ca] : config.cas) names.push_back(name);
  return names;
}

/// A name, or a list of them: the next is asked where the one before does not issue.
std::optional<std::vector<std::string>> read_ca_names(Reader& reader, const Config& config) {
  const auto* node = reader.node("ca");
  if (node == nullptr) return std::nullopt;
  std::vector<Text> given;
  if (const auto* list = node->as<List>()) {
    if (list->empty()) reader.fault(node->place, "ca", "the list is empty; name the CA that is asked first");
    given = reader.texts("ca").value_or(std::vector<Text>());
    if (given.size() > most_cas) {
      reader.fault(node->place, "ca", fmt::format("there are {} CAs, {} are allowed", given.size(), most_cas));
    }
  } else if (auto name = reader.text("ca")) {
    given.push_back(*std::move(name));
  }
  std::vector<std::string> names;
  for (auto& name : given) {
    if (!config.cas.contains(name.value)) {
      const auto mend = is_well_known_ca(name.value)
                            ? fmt::format("; add [ca.{}] with terms_agreed = true and a contact", name.value)
                            : did_you_mean(name.value, ca_names(config));
      reader.fault(name.place, "ca", fmt::format("there is no [ca.{}]{}", name.value, mend));
    } else if (std::ranges::find(names, name.value) != names.end()) {
      reader.fault(name.place, "ca", in_quotes(name.value) + " is in the list twice");
    }
    names.push_back(std::move(name.value));
  }
  if (names.empty()) names.emplace_back();  // told already
  return names;
}

/// "ari": when the CA suggests it, which is the usual.
std::optional<std::optional<LifeLeft>> read_renew(Reader& reader) {
  const auto* node = reader.node("renew");
  if (node == nullptr) return std::nullopt;
  const auto* text = node->as<std::string>();
  if (text != nullptr && *text == "ari") return std::optional<LifeLeft>();
  auto left = read_life_left(reader, "renew");
  if (!left) return std::nullopt;
  return left;
}

std::optional<Profile> read_profile(Reader& reader) {
  const auto* node = reader.node("profile");
  const auto* word = node == nullptr ? nullptr : node->as<std::string>();
  const bool is_none = word != nullptr && word->empty();  // the CA's own choice, whatever [ca.NAME] or [defaults] say
  std::optional<Profile> profile;
  if (is_none) profile = Profile();
  if (!is_none) {
    if (auto name = reader.text("profile")) profile = Profile{std::move(name->value)};
  }
  const bool is_required = reader.boolean("profile_required").value_or(false);
  if (is_required && (node == nullptr || is_none)) {
    reader.fault("profile_required", "is true, but no profile is named beside it; add: profile = \"NAME\"");
  }
  if (profile) profile->required = is_required;
  return profile;
}

CertificateSettings read_settings(Reader& reader, const Config& config) {
  CertificateSettings settings;
  settings.cas = read_ca_names(reader, config);
  settings.key_types = read_key_types(reader);
  settings.renew = read_renew(reader);
  settings.group = read_group(reader, "group");
  settings.preferred_chain = read_preferred_chain(reader);
  settings.profile = read_profile(reader);
  settings.persist_for = read_persist_for(reader);
  if (auto propagation = reader.table("propagation")) settings.propagation = read_propagation(*std::move(propagation));
  if (reader.node("deploy") != nullptr) settings.deploy = read_targets(reader);
  return settings;
}

/// `config`: whose providers have to serve the names, by one of `challenges`; null when that is not to be judged.
std::vector<std::string> read_domains(Reader& reader, const Challenges& challenges, const Config* config) {
  std::vector<std::string> domains;
  const bool present = reader.node("domains") != nullptr;
  const auto given = reader.texts("domains");
  if (!present) reader.fault("domains", "is missing: the names that the certificate is for, [\"www.example.com\"]");
  if (!given) return domains;
  const auto& place = reader.node("domains")->place;
  if (given->empty() && reader.node("domains")->as<List>()->empty()) {
    reader.fault(place, "domains", "the list is empty; name what the certificate is for");
  }
  if (given->size() > most_names) {
    reader.fault(place, "domains",
                 fmt::format("there are {} names, {} are allowed; make several certificates of them", given->size(),
                             most_names));
  }
  for (const auto& text : *given) {
    auto name = certificate_name(text.value);
    if (name.good() && std::find(domains.begin(), domains.end(), name.value) != domains.end()) {
      name.fault = in_quotes(name.value) + " is in the list twice";
    }
    if (name.good() && config != nullptr) name.fault = fault_of_proof(name.value, challenges, *config);
    if (!name.good()) reader.fault(text.place, "domains", name.fault);
    if (!name.value.empty()) domains.push_back(std::move(name.value));
  }
  return domains;
}

/// The name for "*.corp.example" is "_.corp.example": '*' does not belong in paths, and '_' appears in no domain of a
/// certificate.
std::string default_name(const std::vector<std::string>& domains) {
  if (domains.empty()) return {};
  auto name = domains.front();
  if (name.starts_with('*')) name.front() = '_';
  return name;
}

void read_name(Reader& reader, Certificate& certificate) {
  const bool given = reader.node("name") != nullptr;
  const auto name = reader.text("name");
  certificate.name = name ? name->value : default_name(certificate.domains);
  if (certificate.name.empty()) return;
  if (const auto fault = fault_of_section_name(certificate.name); !fault.empty()) {
    reader.fault(name ? name->place : reader.place(), "name",
                 given ? fault : fault + "; the first domain was taken, give a name");
  }
}

/// What must differ between certificates, with the place of the first one that has it.
class Comparison {
 public:
  void add(const Certificate& certificate, const std::vector<PlacedTarget>& targets, Reader& reader) {
    compare_name(certificate, reader);
    for (const auto& placed : targets) compare_files(placed, reader);
  }

  /// What it is for: two that are alike are one too many.
  void add_content(const Certificate& certificate, Reader& reader) {
    if (certificate.domains.empty()) return;
    const std::set<std::string> domains(certificate.domains.begin(), certificate.domains.end());
    const auto [first, is_new] = contents_.emplace(
        std::make_tuple(domains, certificate.key_type, certificate.ca, certificate.key ? certificate.key->uri : ""),
        reader.place());
    if (is_new) return;
    reader.fault("domains",
                 fmt::format("the certificate at {} has the same names, key type and CA; one is enough, it can have "
                             "several [[certificate.deploy]]",
                             first->second.text()));
  }

 private:
  /// The places of a target, which several certificates may have from [defaults], and of its certificate.
  struct Writer {
    std::string target;
    std::string certificate;
  };

  void compare_name(const Certificate& certificate, Reader& reader) {
    if (certificate.name.empty()) return;
    const auto [first, is_new] = names_.emplace(certificate.name, reader.place());
    if (is_new) return;
    reader.fault("name", fmt::format("{} is already the name of the certificate at {}; give this one a name of its own",
                                     in_quotes(certificate.name), first->second.text()));
  }

  void compare_files(const PlacedTarget& placed, Reader& reader) {
    const auto& target = placed.target;
    if (!target.directory) return;
    std::set<std::filesystem::path> own;
    for (const auto& [kind, file] : target.files) own.insert(*target.directory / file);
    for (const auto& path : own) {
      const auto first = files_.find(path);
      if (first == files_.end()) continue;
      if (first->second.target == placed.place.text() && first->second.certificate == reader.place().text()) {
        reader.faults().add(placed.place, reader.name_of("deploy"),
                            fmt::format("the certificates of the key types that key_type lists would all write {}; put "
                                        "{{key_type}} or {{name}} into the directory or the file names",
                                        path.string()));
      } else if (first->second.target == placed.place.text()) {
        reader.faults().add(
            placed.place, "defaults.deploy",
            fmt::format("several certificates would write {}; put {{name}} into the directory or the file names, or "
                        "give each its own [[certificate.deploy]]",
                        path.string()));
      } else {
        reader.faults().add(
            placed.place, reader.name_of("deploy"),
            fmt::format("{} is already written by the target at {}", path.string(), first->second.target));
      }
      break;  // the other files of the same two targets would only repeat this
    }
    for (const auto& path : own) files_.emplace(path, Writer{placed.place.text(), reader.place().text()});
  }

  std::map<std::string, Place> names_;
  std::map<std::tuple<std::set<std::string>, crypto::KeyType, std::string, std::string>, Place> contents_;
  std::map<std::filesystem::path, Writer> files_;
};

std::vector<std::string> cas_of(const CertificateSettings& own, const CertificateSettings& defaults,
                                const Config& config, Reader& reader) {
  if (own.cas) return *own.cas;
  if (defaults.cas) return *defaults.cas;
  if (config.cas.size() == 1) return {config.cas.begin()->first};
  reader.fault("ca", config.cas.empty()
                         ? "there is no [ca.NAME] yet; add [ca.letsencrypt] with terms_agreed = true, or another CA"
                         : fmt::format("is missing, and there are several CAs: {}", listed(ca_names(config))));
  return {std::string()};
}

/// What the certificates of one table have in common besides what a Certificate holds.
struct Rest {
  std::vector<PlacedTarget> targets;
  KeyTypes key_types = {crypto::KeyType::ecdsa_p256};
};

/// `judged_by`: whose providers have to serve the names, by one of `challenges` unless a certificate has its own; null
/// when no more is wanted than what is deployed. `read_rest`: reads what else a certificate has, as a Certificate or in
/// what it returns.
template <class ReadRest>
std::vector<Certificate> read_each(std::vector<Reader>& readers, const Config* judged_by, const Challenges& challenges,
                                   ReadRest read_rest) {
  std::vector<Certificate> certificates;
  Comparison comparison;
  for (auto& reader : readers) {
    Certificate shared;
    const auto wanted = judged_by == nullptr ? challenges : read_challenges(reader).value_or(challenges);
    shared.domains = read_domains(reader, wanted, is_delegated(reader) ? nullptr : judged_by);
    if (judged_by != nullptr) shared.challenges = answerable(wanted, shared.domains, *judged_by);
    read_name(reader, shared);
    const auto rest = read_rest(reader, shared);
    for (std::size_t i = 0; i < rest.key_types.size(); ++i) {
      auto certificate = shared;
      certificate.key_type = rest.key_types[i];
      certificate.name = name_for(shared.name, i, rest.key_types);
      auto targets = rest.targets;
      for (auto& placed : targets) {
        placed = filled_in(placed, certificate, short_name(certificate.key_type, rest.key_types), reader);
        certificate.deploy.push_back(placed.target);
      }
      comparison.add(certificate, targets, reader);
      if (judged_by != nullptr) comparison.add_content(certificate, reader);
      certificates.push_back(std::move(certificate));
    }
  }
  return certificates;
}

}  // namespace

CertificateSettings read_defaults(Reader reader, const Config& config) {
  auto settings = read_settings(reader, config);
  settings.challenges = read_challenges(reader);
  reader.refuse("name", "each certificate has its own name; there is no default");
  reader.refuse("domains", "each certificate has its own domains; there is no default");
  reader.refuse("dane", "each certificate has its own services; there is no default");
  reader.refuse("key", "each certificate has its own key; there is no default");
  reader.refuse("pin", "it belongs beside the `key` of a certificate; there is no default");
  reader.refuse("delegation", "each certificate has its own names; there is no default");
  reader.end();
  return settings;
}

std::vector<Certificate> read_certificates(std::vector<Reader> readers, const CertificateSettings& defaults,
                                           const Config& config) {
  std::optional<std::string> module;
  const auto read_rest = [&](Reader& reader, Certificate& certificate) {
    const auto own = read_settings(reader, config);
    certificate.dane = read_dane(reader, config);
    certificate.key = read_token_key(reader, own.key_types);
    reader.end();
    auto cas = cas_of(own, defaults, config, reader);
    certificate.ca = std::move(cas.front());
    certificate.fallback_cas.assign(std::move_iterator(cas.begin() + 1), std::move_iterator(cas.end()));
    certificate.delegation = read_delegation(reader, certificate, config);
    certificate.renew = own.renew ? *own.renew : defaults.renew.value_or(std::nullopt);
    certificate.group = own.group ? own.group : defaults.group;
    certificate.preferred_chain = own.preferred_chain.value_or(defaults.preferred_chain.value_or(""));
    certificate.profile = own.profile ? own.profile : defaults.profile;
    certificate.persist_for = own.persist_for.value_or(defaults.persist_for.value_or(usual_persist_for));
    certificate.propagation = completed(own.propagation, defaults.propagation);
    if (!certificate.delegation.empty()) leave_proof_to_owner(certificate);
    Rest rest;
    rest.targets = own.deploy ? *own.deploy : defaults.deploy.value_or(std::vector<PlacedTarget>());
    rest.key_types = own.key_types.value_or(defaults.key_types.value_or(rest.key_types));
    if (certificate.key) {
      rest.key_types = {certificate.key->type.value_or(crypto::KeyType::ecdsa_p256)};
      refuse_key_files(reader, *certificate.key, rest.targets, certificate.dane);
      require_same_module(reader, *certificate.key, module);
    }
    return rest;
  };
  return read_each(readers, &config, defaults.challenges.value_or(usual_challenges()), read_rest);
}

DeploymentDefaults read_deployment_defaults(Reader& defaults) {
  DeploymentDefaults read;
  if (defaults.node("deploy") != nullptr) read.targets = read_targets(defaults);
  read.key_types = read_key_types(defaults);
  read.group = read_group_name(defaults, "group");
  return read;
}

std::vector<Certificate> read_certificates_to_deploy(std::vector<Reader> readers, const DeploymentDefaults& defaults) {
  const auto read_rest = [&](Reader& reader, Certificate& certificate) {
    Rest rest;
    certificate.key = read_place_of_key(reader);
    certificate.group = reader.node("group") != nullptr ? read_group_name(reader, "group") : defaults.group;
    rest.targets = reader.node("deploy") != nullptr ? read_targets(reader) : defaults.targets;
    const auto own = read_key_types(reader);
    rest.key_types = own.value_or(defaults.key_types.value_or(rest.key_types));
    if (certificate.key) rest.key_types.resize(1);
    return rest;
  };
  return read_each(readers, nullptr, usual_challenges(), read_rest);
}

}  // namespace acmed::config
