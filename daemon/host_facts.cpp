// SPDX-License-Identifier: Apache-2.0
#include "daemon/host_facts.h"

#include <fmt/format.h>
#include <linux/capability.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-daemon.h>

#include <algorithm>
#include <cstdlib>
#include <memory>

#include "base/time.h"

namespace acmed {
namespace {

namespace fs = std::filesystem;

using namespace std::chrono_literals;
constexpr std::chrono::microseconds longest_call = 3s;
constexpr const char* manager = "org.freedesktop.systemd1";

bool is_within(const fs::path& path, const fs::path& folder) {
  const auto [end, rest] = std::mismatch(folder.begin(), folder.end(), path.begin(), path.end());
  return end == folder.end();
}

bool is_within_any(const fs::path& path, const std::vector<std::string>& folders) {
  return std::ranges::any_of(folders, [&](std::string_view folder) {
    // "-": need not exist; "+": below RootDirectory=.
    folder.remove_prefix(std::min(folder.find_first_not_of("-+"), folder.size()));
    return !folder.empty() && is_within(path, folder);
  });
}

/// Where the path leads once its links are followed, as far as they can be.
fs::path real_path(const fs::path& path) {
  std::error_code error;
  auto real = fs::weakly_canonical(path, error);
  return error ? path.lexically_normal() : real;
}

struct BusCloser {
  void operator()(sd_bus* bus) const { sd_bus_flush_close_unref(bus); }
};

/// systemd's properties of its units, one by one. Every failure is the same as no answer.
class Units {
 public:
  static std::shared_ptr<Units> open() {
    sd_bus* bus = nullptr;
    if (sd_booted() <= 0 || sd_bus_open_system(&bus) < 0) return nullptr;
    auto units = std::make_shared<Units>();
    units->bus_.reset(bus);
    sd_bus_set_method_call_timeout(bus, static_cast<std::uint64_t>(longest_call.count()));
    return units;
  }

  /// Loads the unit if need be.
  std::optional<std::string> path_of(const std::string& unit) {
    sd_bus_message* reply = nullptr;
    const char* path = nullptr;
    std::optional<std::string> result;
    if (sd_bus_call_method(bus_.get(), manager, "/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager",
                           "LoadUnit", nullptr, &reply, "s", unit.c_str()) >= 0 &&
        sd_bus_message_read(reply, "o", &path) >= 0) {
      result = path;
    }
    sd_bus_message_unref(reply);
    return result;
  }

  std::string text(const std::string& path, const char* interface, const char* name) {
    char* value = nullptr;
    if (sd_bus_get_property_string(bus_.get(), manager, path.c_str(), interface, name, nullptr, &value) < 0) return {};
    const std::unique_ptr<char, decltype(&std::free)> owner(value, std::free);
    return value;
  }

  std::vector<std::string> texts(const std::string& path, const char* name) {
    char** values = nullptr;
    std::vector<std::string> result;
    if (sd_bus_get_property_strv(bus_.get(), manager, path.c_str(), service, name, nullptr, &values) < 0) return result;
    if (values == nullptr) return result;  // an empty list
    for (char** value = values; *value != nullptr; ++value) {
      result.emplace_back(*value);
      std::free(*value);
    }
    std::free(values);
    return result;
  }

  /// Whether SystemCallFilter= lets the unit call `name`.
  bool may_call(const std::string& path, const std::string& name) {
    sd_bus_message* reply = nullptr;
    int is_list_of_allowed = 0;
    char** calls = nullptr;
    bool may = true;
    if (sd_bus_get_property(bus_.get(), manager, path.c_str(), service, "SystemCallFilter", nullptr, &reply, "(bas)") >=
            0 &&
        sd_bus_message_enter_container(reply, 'r', "bas") >= 0 &&
        sd_bus_message_read(reply, "b", &is_list_of_allowed) >= 0 && sd_bus_message_read_strv(reply, &calls) >= 0) {
      bool is_listed = false;
      for (char** call = calls; call != nullptr && *call != nullptr; ++call) {
        is_listed = is_listed || name == *call;
        std::free(*call);
      }
      may = is_listed == (is_list_of_allowed != 0);
    }
    std::free(calls);
    sd_bus_message_unref(reply);
    return may;
  }

  template <class Value>
  Value plain(const std::string& path, const char* name, char type) {
    Value value{};
    sd_bus_get_property_trivial(bus_.get(), manager, path.c_str(), service, name, nullptr, type, &value);
    return value;
  }

  std::optional<bool> knows(const std::string& unit) {
    const auto path = path_of(unit);
    if (!path) return std::nullopt;
    const auto state = text(*path, "org.freedesktop.systemd1.Unit", "LoadState");
    if (state.empty()) return std::nullopt;
    return state != "not-found";
  }

  static constexpr const char* service = "org.freedesktop.systemd1.Service";

 private:
  std::unique_ptr<sd_bus, BusCloser> bus_;
};

Sandbox sandbox_of(Units& units, const std::string& unit, const std::string& path) {
  Sandbox sandbox;
  sandbox.unit = unit;
  sandbox.protect_home = units.text(path, Units::service, "ProtectHome");
  sandbox.protect_system = units.text(path, Units::service, "ProtectSystem");
  sandbox.private_tmp = units.plain<int>(path, "PrivateTmp", 'b') != 0;
  sandbox.private_devices = units.plain<int>(path, "PrivateDevices", 'b') != 0;
  sandbox.read_write_paths = units.texts(path, "ReadWritePaths");
  sandbox.inaccessible_paths = units.texts(path, "InaccessiblePaths");
  for (const auto& name : units.texts(path, "StateDirectory")) sandbox.read_write_paths.push_back("/var/lib/" + name);
  for (const auto& name : units.texts(path, "RuntimeDirectory")) sandbox.read_write_paths.push_back("/run/" + name);
  const auto user = units.text(path, Units::service, "User");
  const char* set = user.empty() || user == "root" ? "CapabilityBoundingSet" : "AmbientCapabilities";
  sandbox.may_change_owners = (units.plain<std::uint64_t>(path, set, 't') & (std::uint64_t{1} << CAP_CHOWN)) != 0;
  sandbox.may_give_to_groups = units.may_call(path, "fchown");
  sandbox.groups = units.texts(path, "SupplementaryGroups");
  return sandbox;
}

}  // namespace

std::string Sandbox::fault_of_reading(const fs::path& path) const {
  const auto real = real_path(path);
  const bool hides_home = protect_home == "yes" || protect_home == "tmpfs";
  const bool is_at_home = is_within_any(real, {"/home", "/root", "/run/user"});
  const bool is_temporary = private_tmp && is_within_any(real, {"/tmp", "/var/tmp"});
  if ((is_at_home && hides_home) || is_temporary) {
    return fmt::format("{} is hidden from {} ({}); put it elsewhere, a program into /usr/local/bin", path.string(),
                       unit, is_temporary ? "PrivateTmp=yes" : "ProtectHome=" + protect_home);
  }
  if (is_within_any(real, inaccessible_paths)) {
    return fmt::format("{} is hidden from {} (InaccessiblePaths=)", path.string(), unit);
  }
  return {};
}

std::string Sandbox::fault_of_writing(const fs::path& path) const {
  if (auto fault = fault_of_reading(path); !fault.empty()) return fault;
  const auto real = real_path(path);
  if (is_within_any(real, read_write_paths)) return {};
  const bool is_read_only = protect_system == "strict" ? !is_within_any(real, {"/dev", "/proc", "/sys"})
                            : protect_system == "full" ? is_within_any(real, {"/usr", "/boot", "/efi", "/etc"})
                            : protect_system == "yes"
                                ? is_within_any(real, {"/usr", "/boot", "/efi"})
                                : protect_home == "read-only" && is_within_any(real, {"/home", "/root", "/run/user"});
  if (!is_read_only) return {};
  return fmt::format(
      "{0} is read-only for {1} (ProtectSystem={2}); type sudo systemctl edit {1}, add [Service] and "
      "ReadWritePaths={0}, then sudo systemctl restart {1}",
      path.string(), unit, protect_system);
}

HostFacts facts_of_this_host() {
  HostFacts facts;
  facts.knows_unit = [](const std::string&) { return std::optional<bool>(); };
  const auto units = Units::open();
  if (units == nullptr) return facts;
  facts.knows_unit = [units](const std::string& name) { return units->knows(name); };
  facts.has_helper = units->knows("acmed-deploy.socket").value_or(false);
  const std::string unit = "acmed.service";
  if (!units->knows(unit).value_or(false)) return facts;
  if (const auto path = units->path_of(unit)) facts.sandbox = sandbox_of(*units, unit, *path);
  return facts;
}

}  // namespace acmed
