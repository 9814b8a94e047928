// SPDX-License-Identifier: Apache-2.0
#include "daemon/host_check.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <map>
#include <set>
#include <string_view>

#include "base/crypto/tpm.h"
#include "base/error.h"
#include "base/files.h"
#include "base/host_accounts.h"
#include "base/interpreter.h"
#include "base/program_file.h"
#include "config/provider_settings.h"
#include "daemon/store/key_group.h"

namespace acmed {
namespace {

namespace fs = std::filesystem;

constexpr std::array<std::string_view, 9> unit_suffixes = {".service", ".socket", ".target", ".timer", ".path",
                                                           ".mount",   ".slice",  ".scope",  ".device"};

/// Sentences, each with those whom it is about: a default for a hundred certificates is told once.
class Warnings {
 public:
  void add(const std::string& about, std::string sentence) {
    if (sentence.empty()) return;
    auto [position, is_new] = positions_.emplace(std::move(sentence), entries_.size());
    if (is_new)
      entries_.push_back({about, position->first, 0});
    else
      ++entries_[position->second].others;
  }

  std::vector<std::string> sentences() const {
    std::vector<std::string> result;
    for (const auto& entry : entries_) {
      const auto others = entry.others == 0 ? "" : fmt::format(" and {} more", entry.others);
      result.push_back(fmt::format("{}{}: {}", entry.about, others, entry.sentence));
    }
    return result;
  }

 private:
  struct Entry {
    std::string about;
    std::string sentence;
    std::size_t others;
  };
  std::vector<Entry> entries_;
  std::map<std::string, std::size_t> positions_;
};

std::string first_fault(std::initializer_list<std::string> faults) {
  for (const auto& fault : faults) {
    if (!fault.empty()) return fault;
  }
  return {};
}

/// The units that the command is about; empty when it is not systemctl.
std::vector<std::string> units_of(const std::vector<std::string>& argv) {
  std::vector<std::string> units;
  if (argv.empty() || fs::path(argv.front()).filename() != "systemctl") return units;
  for (std::size_t i = 1; i < argv.size(); ++i) {
    if (!argv[i].starts_with('-')) units.push_back(argv[i]);
  }
  // The first one is the verb, such as "reload"; those that are about no unit have nothing else.
  if (!units.empty()) units.erase(units.begin());
  for (auto& unit : units) {
    if (std::ranges::none_of(unit_suffixes, [&](auto suffix) { return unit.ends_with(suffix); })) unit += ".service";
  }
  return units;
}

bool is_plain_unit(std::string_view unit) {
  return unit.find_first_of("*?[/") == std::string_view::npos && unit.find("@.") == std::string_view::npos;
}

class HostCheck {
 public:
  HostCheck(const config::Config& config, const HostFacts& facts) : config_(config), facts_(facts) {}

  std::vector<std::string> run() {
    for (const auto& provider : config_.providers) look_at(provider);
    look_at_program("notify", "on_failure", config_.notify.on_failure);
    look_at_program("notify", "on_success", config_.notify.on_success);
    for (const auto& certificate : config_.certificates) {
      look_at_group("certificate " + certificate.name, certificate.group);
      look_at_key("certificate " + certificate.name, certificate.key);
      for (const auto& target : certificate.deploy) {
        const auto about = fmt::format("certificate {}, target {}", certificate.name, target.name);
        look_at_program(about, "test", target.test);
        look_at_program(about, "post_hook", target.post_hook);
        for (const auto& unit : target.reload) look_at_unit(about, "reload", unit);
        for (const auto& unit : target.restart) look_at_unit(about, "restart", unit);
        if (!target.directory) continue;
        look_at_folder(about, *target.directory);
        look_at_owners(about, target);
        look_at_files(about, target);
      }
    }
    return warnings_.sentences();
  }

 private:
  void look_at(const config::Provider& provider) {
    const auto about = "provider " + provider.name;
    if (const auto* exec = std::get_if<config::Exec>(&provider.settings)) {
      look_at_program(about, "command", exec->program.command);
    } else if (const auto* lego = std::get_if<config::LegoExec>(&provider.settings)) {
      look_at_program(about, "command", lego->program.command);
    }
  }

  void look_at_program(const std::string& about, std::string_view key, const std::vector<std::string>& argv) {
    if (argv.empty()) return;
    const auto path = find_program(argv.front());
    auto fault = facts_.sandbox && !path.empty() ? facts_.sandbox->fault_of_reading(path) : std::string();
    fault = first_fault({fault, fault_of_program(argv.front()), fault_of_first_line(path)});
    if (!fault.empty()) return warnings_.add(about, fmt::format("{}: {}", key, fault));
    for (const auto& unit : units_of(argv)) look_at_unit(about, key, unit);
  }

  void look_at_unit(const std::string& about, std::string_view key, const std::string& unit) {
    if (!is_plain_unit(unit) || facts_.knows_unit(unit).value_or(true)) return;
    warnings_.add(about,
                  fmt::format("{}: systemd knows no unit {}; systemctl list-units shows their names", key, unit));
  }

  /// Who writes there: acmed itself, or the helper, which has root's rights and a sandbox of its own.
  void look_at_folder(const std::string& about, const fs::path& folder) {
    struct stat status {};
    if (::stat(folder.c_str(), &status) != 0) {
      const int error = errno;
      const auto hidden = facts_.sandbox ? facts_.sandbox->fault_of_reading(folder) : std::string();
      return warnings_.add(
          about, fmt::format("directory: {}",
                             !hidden.empty() ? hidden
                             : error == ENOENT
                                 ? fmt::format("there is no folder {0}; type: sudo install -d -g {1} -m 2771 {0}",
                                               folder.string(), facts_.has_helper ? "root" : own_group())
                                 : system_error_sentence("examine " + folder.string(), error)));
    }
    if (!S_ISDIR(status.st_mode)) {
      return warnings_.add(about, fmt::format("directory: {} is no folder", folder.string()));
    }
    if (facts_.has_helper) return;
    auto fault = facts_.sandbox ? facts_.sandbox->fault_of_writing(folder) : std::string();
    if (fault.empty() && ::faccessat(AT_FDCWD, folder.c_str(), W_OK | X_OK, AT_EACCESS) != 0) {
      fault = fmt::format(
          "the user {0} may not write to {1} (mode {2:04o}); type: sudo chgrp {3} {1} && sudo chmod 2771 {1}",
          name_of_user(::geteuid()), folder.string(), status.st_mode & 07777, own_group());
    }
    if (!fault.empty()) warnings_.add(about, "directory: " + fault);
  }

  void look_at_owners(const std::string& about, const config::Target& target) {
    if (facts_.has_helper || (facts_.sandbox ? facts_.sandbox->may_change_owners : ::geteuid() == 0)) return;
    if (target.owner) {
      const auto user = find_user(*target.owner).id;
      if (user && *user != ::geteuid()) {
        warnings_.add(
            about, fmt::format("owner: the user {} may not give files to {}; have acmed-deploy do it: sudo systemctl "
                               "enable --now acmed-deploy.socket && sudo systemctl restart acmed",
                               name_of_user(::geteuid()), *target.owner));
      }
    }
    if (target.group) {
      const auto group = find_group(*target.group).id;
      if (!group || group_of_new_files(*target.directory) == *group || can_give_to(*group, *target.group)) return;
      warnings_.add(about,
                    fmt::format("group: the user {0} may not give files to the group {1}; have acmed-deploy do "
                                "it: sudo systemctl enable --now acmed-deploy.socket && sudo systemctl restart "
                                "acmed, or make the folder that group's: sudo chgrp {1} {2} && sudo chmod g+s {2}",
                                name_of_user(::geteuid()), *target.group, target.directory->string()));
    }
  }

  /// Of the key in live/. acmed.service makes the folder by which the group gets it when it starts or is reloaded.
  void look_at_group(const std::string& about, const std::optional<std::string>& name) {
    if (!name || ::geteuid() == 0 || facts_.sandbox) return;
    const auto group = find_group(*name).id;
    if (!group || can_give_to(*group, *name)) return;
    const auto folder = store::group_folder(config_.state_directory, *group);
    if (group_of_new_files(folder) == *group) return;
    warnings_.add(about, fmt::format("group: the user {0} cannot give the key to the group {1}; type: sudo install -d "
                                     "-o {0} -g {1} -m 2700 {2}",
                                     name_of_user(::geteuid()), *name, folder.string()));
  }

  /// Of what we make in `folder`; nothing when there is no such folder.
  static std::optional<gid_t> group_of_new_files(const fs::path& folder) {
    struct stat status {};
    if (::stat(folder.c_str(), &status) != 0) return std::nullopt;
    return (status.st_mode & S_ISGID) != 0 ? status.st_gid : ::getegid();
  }

  bool can_give_to(gid_t group, const std::string& name) const {
    return is_member(group, name) && (!facts_.sandbox || facts_.sandbox->may_give_to_groups);
  }

  /// One in a token is not looked for: for that the token wants its PIN.
  void look_at_key(const std::string& about, const Rare<crypto::TokenKey>& key) {
    if (!key || !crypto::is_tpm_uri(key->uri)) return;
    if (facts_.sandbox && facts_.sandbox->private_devices && std::getenv(crypto::tcti_variable) == nullptr) {
      warnings_.add(about, fmt::format("key: the TPM is hidden from {0} (PrivateDevices=yes); type sudo systemctl edit "
                                       "{0}, add [Service], PrivateDevices=no, DeviceAllow=/dev/tpmrm0 rw and "
                                       "SupplementaryGroups=tss, then sudo systemctl restart {0}",
                                       facts_.sandbox->unit));
    }
    try {
      facts_.look_for_in_tpm(key->uri);
    } catch (const Error& error) {
      // What is not for this user says nothing about the service, which may have further groups.
      const bool is_denied = error.cause() == "tpm:access" || dynamic_cast<const files::Denied*>(&error) != nullptr;
      if (!is_denied || !facts_.sandbox) warnings_.add(about, fmt::format("key: {}", error.what()));
    }
  }

  bool is_member(gid_t group, const std::string& name) const {
    if (facts_.sandbox && std::ranges::find(facts_.sandbox->groups, name) != facts_.sandbox->groups.end()) return true;
    if (group == ::getegid()) return true;
    std::vector<gid_t> own(static_cast<std::size_t>(std::max(::getgroups(0, nullptr), 0)));
    const auto count = ::getgroups(static_cast<int>(own.size()), own.data());
    own.resize(static_cast<std::size_t>(std::max(count, 0)));
    return std::ranges::find(own, group) != own.end();
  }

  static std::string own_group() { return name_of_user(::geteuid()); }

  /// The same path is a fault of the configuration; links lead to the same file by another one.
  void look_at_files(const std::string& about, const config::Target& target) {
    std::error_code error;
    const auto folder = fs::canonical(*target.directory, error);
    if (error) return;
    for (const auto& [kind, name] : target.files) {
      const auto [first, is_new] = files_.emplace(folder / name, about);
      if (is_new || first->second == about) continue;
      return warnings_.add(about, fmt::format("{} is also written by {}, by another path; give each a file of its own",
                                              (folder / name).string(), first->second));
    }
  }

  const config::Config& config_;
  const HostFacts& facts_;
  Warnings warnings_;
  std::map<fs::path, std::string> files_;
};

}  // namespace

std::vector<std::string> host_warnings(const config::Config& config, const HostFacts& facts) {
  return HostCheck(config, facts).run();
}

}  // namespace acmed
