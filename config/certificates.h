// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <vector>

#include "config/config.h"
#include "config/key_types.h"
#include "config/proof.h"
#include "config/reader.h"
#include "config/targets.h"

namespace acmed::config {

/// The keys that [defaults] and [[certificate]] share.
struct CertificateSettings {
  std::optional<std::vector<std::string>> cas;  ///< the first one first
  std::optional<KeyTypes> key_types;
  std::optional<std::optional<LifeLeft>> renew;  ///< nothing in it: when the CA suggests it
  std::optional<std::string> group;
  std::optional<std::string> preferred_chain;
  std::optional<Profile> profile;
  std::optional<Challenges> challenges;  ///< of [defaults] alone
  std::optional<PersistFor> persist_for;
  Propagation propagation;
  std::optional<std::vector<PlacedTarget>> deploy;
};

/// Reads [defaults].
CertificateSettings read_defaults(Reader reader, const Config& config);

/// Reads the [[certificate]] tables of all files and compares them with each other. The CAs and providers of `config`
/// must be complete.
std::vector<Certificate> read_certificates(std::vector<Reader> readers, const CertificateSettings& defaults,
                                           const Config& config);

/// What a certificate has of [defaults] where it says nothing itself, as far as deploying goes.
struct DeploymentDefaults {
  std::vector<PlacedTarget> targets;
  std::optional<KeyTypes> key_types;
  std::optional<std::string> group;
};

/// Reads them from `defaults`.
DeploymentDefaults read_deployment_defaults(Reader& defaults);

/// Only what deploys needs of them; other keys are passed over.
std::vector<Certificate> read_certificates_to_deploy(std::vector<Reader> readers, const DeploymentDefaults& defaults);

}  // namespace acmed::config
