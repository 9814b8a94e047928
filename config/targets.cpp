// SPDX-License-Identifier: Apache-2.0
#include "config/targets.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "base/host_accounts.h"
#include "config/command.h"
#include "config/files.h"
#include "config/section_name.h"

namespace acmed::config {
namespace {

using namespace std::chrono_literals;
constexpr Duration longest_hook = 1h;
/// Hidden names beside a file consist of its own name plus some more (daemon/deploy), within 255 octets.
constexpr std::size_t longest_file_name = 160;
constexpr mode_t readable_and_writable = 0666;
constexpr mode_t others = 0007;

constexpr std::array<std::pair<std::string_view, FileKind>, 5> kinds = {{{"cert", FileKind::cert},
                                                                         {"chain", FileKind::chain},
                                                                         {"fullchain", FileKind::fullchain},
                                                                         {"privkey", FileKind::privkey},
                                                                         {"combined", FileKind::combined}}};

bool holds_key(const Target& target) {
  return target.files.contains(FileKind::privkey) || target.files.contains(FileKind::combined);
}

void check_file_name(Reader& reader, std::string_view key, const Text& name) {
  if (name.value.find('/') != std::string::npos || name.value == "." || name.value == "..") {
    reader.fault(name.place, key,
                 in_quotes(name.value) + " is no plain file name; `directory` says where the file goes");
  } else if (name.value.starts_with('.')) {
    reader.fault(name.place, key,
                 in_quotes(name.value) + " begins with a dot; such names are kept for files under way");
  } else if (name.value.size() > longest_file_name) {
    reader.fault(name.place, key,
                 fmt::format("the name is {} octets long, {} are allowed", name.value.size(), longest_file_name));
  }
}

std::map<FileKind, std::string> read_files(Reader reader) {
  std::map<FileKind, std::string> files;
  std::set<std::string> seen;
  for (const auto& [word, kind] : kinds) {
    const auto name = reader.text(word);
    if (!name) continue;
    check_file_name(reader, word, *name);
    if (!seen.insert(name->value).second) {
      reader.fault(name->place, word, in_quotes(name->value) + " is already the name of another file of this target");
    }
    files[kind] = name->value;
  }
  for (const auto* later : {"pkcs12", "der"}) {
    reader.refuse(later,
                  "this version does not write that form yet; it has cert, chain, fullchain, privkey and combined");
  }
  reader.end();
  if (reader.entries().empty()) reader.fault("", "names no file; leave it out for fullchain.pem and privkey.pem");
  return files;
}

void read_place_of_files(Reader& reader, Target& target) {
  const auto directory = reader.text("directory");
  const bool has_files = reader.node("files") != nullptr;
  if (auto files = reader.table("files")) target.files = read_files(*std::move(files));
  if (directory) {
    target.directory = absolute_path(directory->value, directory->place);
    // "/etc/tls/" and "/etc/tls" are the same folder.
    if (!target.directory->has_filename()) target.directory = target.directory->parent_path();
    if (!has_files) target.files = {{FileKind::fullchain, "fullchain.pem"}, {FileKind::privkey, "privkey.pem"}};
  } else if (has_files && reader.node("directory") == nullptr) {
    reader.fault("files", "there are files but no `directory` to write them to");
  }
}

void read_owner(Reader& reader, Target& target) {
  if (const auto owner = reader.text("owner")) {
    // A name service that is down now may be up at deployment time, when the name is looked up again.
    if (const auto user = find_user(owner->value); !user.id && user.error == 0) {
      reader.fault(owner->place, "owner", "this host has no user " + in_quotes(owner->value));
    }
    target.owner = owner->value;
  }
  if (const auto group = reader.text("group")) {
    if (const auto found_group = find_group(group->value); !found_group.id && found_group.error == 0) {
      reader.fault(group->place, "group", "this host has no group " + in_quotes(group->value));
    }
    target.group = group->value;
  }
}

void read_mode(Reader& reader, Target& target) {
  const auto* node = reader.node("mode");
  if (node == nullptr) return;
  const auto* integer = node->as<Integer>();
  if (integer == nullptr || !integer->octal) {
    reader.fault_of_kind(*node, "mode", "an octal number such as 0o640");
    return;
  }
  const auto mode = static_cast<mode_t>(integer->value);
  if (integer->value < 0 || (static_cast<std::uint64_t>(integer->value) & ~std::uint64_t{readable_and_writable}) != 0) {
    reader.fault(node->place, "mode", found(*node) + " was found, only read and write bits are allowed: 0o640");
  } else if ((mode & 0400) == 0) {
    reader.fault(node->place, "mode", found(*node) + " keeps the owner from reading the files; 0o640 is usual");
  } else if ((mode & others) != 0 && holds_key(target)) {
    reader.fault(node->place, "mode",
                 found(*node) + " opens the private key to every user of this host; 0o640 or stricter is allowed");
  } else {
    target.mode = mode;
  }
}

PlacedTarget read_target(Reader& reader) {
  Target target;
  const bool has_name = reader.node("name") != nullptr;
  if (const auto name = reader.text("name")) {
    if (const auto fault = fault_of_section_name(name->value); !fault.empty()) {
      reader.fault(name->place, "name", fault);
    }
    target.name = name->value;
  }
  if (!has_name) reader.fault("name", "is missing; give the target a name, such as that of the service");
  read_place_of_files(reader, target);
  read_owner(reader, target);
  read_mode(reader, target);
  target.test = read_command(reader, "test");
  target.post_hook = read_command(reader, "post_hook");
  target.timeout = reader.duration("timeout", 1ms, longest_hook).value_or(target.timeout);
  for (const auto* key : {"owner", "group", "mode"}) {
    if (reader.node(key) != nullptr && reader.node("directory") == nullptr && reader.node("files") == nullptr) {
      reader.fault(reader.node(key)->place, key, "this target writes no files; give a `directory`");
    }
  }
  const std::string use_hook = "; use post_hook = [\"/usr/bin/systemctl\", \"reload\", \"UNIT\"]";
  const bool has_later = reader.node("reload") != nullptr || reader.node("verify") != nullptr;
  reader.refuse("reload", "this version does not speak to the service manager yet" + use_hook);
  reader.refuse("verify", "this version does not verify the service yet; check it in post_hook, or leave the key out");
  if (reader.node("directory") == nullptr && reader.node("files") == nullptr && reader.node("test") == nullptr &&
      reader.node("post_hook") == nullptr && !has_later) {
    reader.fault("", "this target does nothing; give it a `directory`, a `test` or a `post_hook`");
  }
  reader.end();
  return {std::move(target), reader.place()};
}

}  // namespace

std::vector<PlacedTarget> read_targets(Reader& certificate) {
  std::vector<PlacedTarget> targets;
  for (auto& reader : certificate.tables("deploy")) {
    auto placed = read_target(reader);
    const auto same = std::find_if(targets.begin(), targets.end(),
                                   [&](const PlacedTarget& other) { return other.target.name == placed.target.name; });
    if (same != targets.end() && !placed.target.name.empty()) {
      reader.fault("name", fmt::format("{} is already the name of the target at {}", in_quotes(placed.target.name),
                                       same->place.text()));
    }
    targets.push_back(std::move(placed));
  }
  return targets;
}

}  // namespace acmed::config
