// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/crypto/tpm.h"

namespace acmed {

/// What the service manager lets a unit do (systemd.exec(5)).
struct Sandbox {
  std::string unit;              ///< its name
  std::string protect_home;      ///< ProtectHome=: "no", "yes", "read-only", "tmpfs"
  std::string protect_system;    ///< ProtectSystem=: "no", "yes", "full", "strict"
  bool private_tmp = false;      ///< PrivateTmp=
  bool private_devices = false;  ///< PrivateDevices=
  std::vector<std::string> read_write_paths;
  std::vector<std::string> inaccessible_paths;
  bool may_change_owners = false;   ///< it has CAP_CHOWN
  bool may_give_to_groups = true;   ///< its SystemCallFilter= lets it call chown(2), for groups that it is in
  std::vector<std::string> groups;  ///< SupplementaryGroups=

  /// Why the unit cannot see `path`, or not write to it, and what to type; empty when it can, as far as the sandbox
  /// goes.
  std::string fault_of_reading(const std::filesystem::path& path) const;
  std::string fault_of_writing(const std::filesystem::path& path) const;
};

/// What --check asks of the host besides its files.
struct HostFacts {
  std::optional<Sandbox> sandbox;  ///< of acmed.service; none where no systemd runs, or knows no such unit
  bool has_helper = false;         ///< a helper with root's rights writes to targets (acmed-deploy.socket)
  /// Whether the service manager knows the unit `name`; nothing where there is none to be asked.
  std::function<std::optional<bool>(const std::string& name)> knows_unit;
  /// Looks for the key at `uri` in the TPM of this host, as look_for_in_tpm() does.
  std::function<void(const std::string& uri)> look_for_in_tpm = &crypto::look_for_in_tpm;
};

/// Asks systemd over D-Bus. Blocks, for some seconds at most; what cannot be had is left out.
HostFacts facts_of_this_host();

}  // namespace acmed
