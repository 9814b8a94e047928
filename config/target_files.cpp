// SPDX-License-Identifier: Apache-2.0
#include "config/target_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "base/host_accounts.h"
#include "config/files.h"
#include "config/secrets.h"

namespace acmed::config {
namespace {

/// Hidden names beside a file consist of its own name plus some more (daemon/deploy), within 255 octets.
constexpr std::size_t longest_file_name = 160;
constexpr mode_t readable_and_writable = 0666;
constexpr mode_t others = 0007;

constexpr std::array<std::pair<std::string_view, FileKind>, 11> kinds = {
    {{"cert", FileKind::cert},
     {"chain", FileKind::chain},
     {"fullchain", FileKind::fullchain},
     {"privkey", FileKind::privkey},
     {"privkey_traditional", FileKind::privkey_traditional},
     {"privkey_der", FileKind::privkey_der},
     {"combined", FileKind::combined},
     {"combined_key_last", FileKind::combined_key_last},
     {"der", FileKind::der},
     {"pkcs12", FileKind::pkcs12},
     {"pkcs12_legacy", FileKind::pkcs12_legacy}}};

std::map<FileKind, std::string> read_files(Reader reader) {
  std::map<FileKind, std::string> files;
  std::set<std::string> seen;
  for (const auto& [word, kind] : kinds) {
    const auto name = reader.text(word);
    if (!name) continue;
    if (const auto fault = fault_of_file_name(name->value); !fault.empty()) reader.fault(name->place, word, fault);
    if (!seen.insert(name->value).second) {
      reader.fault(name->place, word, in_quotes(name->value) + " is already the name of another file of this target");
    }
    files[kind] = name->value;
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

/// A key that has a value for all files, or a table with a value for each of some: `mode = { privkey = 0o600 }`.
template <class Value>
struct ForFiles {
  std::optional<Value> all;
  std::map<FileKind, Value> each;

  std::optional<Value> of(FileKind kind) const {
    const auto own = each.find(kind);
    return own != each.end() ? std::optional(own->second) : all;
  }
};

/// `read`: reads the value at a key of a reader; the last argument says whether it is for a file with a key.
template <class Value, class Read>
ForFiles<Value> read_for_files(Reader& reader, std::string_view key, const Target& target, Read read) {
  ForFiles<Value> result;
  const auto* node = reader.node(key);
  if (node == nullptr) return result;
  if (node->as<Table>() == nullptr) {
    const bool is_for_key = std::ranges::any_of(target.files, [](const auto& file) { return holds_key(file.first); });
    result.all = read(reader, key, is_for_key);
    return result;
  }
  auto table = *reader.table(key);
  for (const auto& [word, kind] : kinds) {
    if (table.node(word) == nullptr) continue;
    if (!target.files.contains(kind)) {
      table.fault(table.node(word)->place, word, fmt::format("this target writes no such file; add it to `files`"));
    }
    if (const auto value = read(table, word, holds_key(kind))) result.each.emplace(kind, *value);
  }
  table.end();
  return result;
}

/// A name or a number, as a text or as an integer.
std::optional<Text> read_account(Reader& reader, std::string_view key) {
  const auto* node = reader.node(key);
  if (node == nullptr) return std::nullopt;
  if (const auto* number = node->as<Integer>(); number != nullptr && number->value >= 0) {
    return Text{std::to_string(number->value), node->place};
  }
  return reader.text(key);
}

/// `find`: find_user or find_group. A name service that is down now may be up at deployment time, when the name is
/// looked up again.
template <class Find>
auto account_reader(const char* kind, Find find) {
  return [kind, find](Reader& reader, std::string_view key, bool) -> std::optional<std::string> {
    const auto account = read_account(reader, key);
    if (!account) return std::nullopt;
    if (const auto found = find(account->value); !found.id && found.error == 0) {
      reader.fault(account->place, key, fmt::format("this host has no {} {}", kind, in_quotes(account->value)));
    }
    return account->value;
  };
}

std::optional<mode_t> read_mode(Reader& reader, std::string_view key, bool is_for_key) {
  const auto* node = reader.node(key);
  const auto* integer = node->as<Integer>();
  if (integer == nullptr || !integer->octal) {
    reader.fault_of_kind(*node, key, "an octal number such as 0o640");
    return std::nullopt;
  }
  const auto mode = static_cast<mode_t>(integer->value);
  if (integer->value < 0 || (static_cast<std::uint64_t>(integer->value) & ~std::uint64_t{readable_and_writable}) != 0) {
    reader.fault(node->place, key, found(*node) + " was found, only read and write bits are allowed: 0o640");
  } else if ((mode & 0400) == 0) {
    reader.fault(node->place, key, found(*node) + " keeps the owner from reading the files; 0o640 is usual");
  } else if ((mode & others) != 0 && is_for_key) {
    reader.fault(node->place, key,
                 found(*node) +
                     " opens the private key to every user of this host; 0o640 or stricter is allowed, and "
                     "{ fullchain = 0o644 } for single files");
  } else {
    return mode;
  }
  return std::nullopt;
}

void read_access(Reader& reader, Target& target) {
  const auto owners = read_for_files<std::string>(reader, "owner", target, account_reader("user", find_user));
  const auto groups = read_for_files<std::string>(reader, "group", target, account_reader("group", find_group));
  const auto modes = read_for_files<mode_t>(reader, "mode", target, read_mode);
  target.owner = owners.all;
  target.group = groups.all;
  target.mode = modes.all.value_or(target.mode);
  for (const auto& [kind, name] : target.files) {
    if (!owners.each.contains(kind) && !groups.each.contains(kind) && !modes.each.contains(kind)) continue;
    target.accesses.emplace(kind, Access{owners.of(kind), groups.of(kind), modes.of(kind).value_or(target.mode)});
  }
}

void read_pkcs12_password(Reader& reader, Target& target) {
  const bool is_needed = target.files.contains(FileKind::pkcs12) || target.files.contains(FileKind::pkcs12_legacy);
  const bool is_given = reader.node("pkcs12_password") != nullptr;
  if (const auto password = read_secret(reader, "pkcs12_password")) target.pkcs12_password = password->source;
  if (is_needed && !is_given) {
    reader.fault("pkcs12_password",
                 "is missing: what PKCS #12 is encrypted with, { file = \"/etc/acmed/keystore.password\" }");
  }
  if (is_given && !is_needed) {
    reader.fault(reader.node("pkcs12_password")->place, "pkcs12_password",
                 "this target writes no PKCS #12; name one in `files`, { pkcs12 = \"keystore.p12\" }");
  }
}

}  // namespace

std::string fault_of_file_name(std::string_view name) {
  if (name.find('/') != std::string::npos || name == "." || name == "..") {
    return in_quotes(name) + " is no plain file name; `directory` says where the file goes";
  }
  if (name.starts_with('.')) {
    return in_quotes(name) + " begins with a dot; such names are kept for files under way";
  }
  if (name.size() > longest_file_name) {
    return fmt::format("the name is {} octets long, {} are allowed", name.size(), longest_file_name);
  }
  return {};
}

void read_target_files(Reader& reader, Target& target) {
  read_place_of_files(reader, target);
  read_access(reader, target);
  read_pkcs12_password(reader, target);
  for (const auto* key : {"owner", "group", "mode"}) {
    if (reader.node(key) != nullptr && reader.node("directory") == nullptr && reader.node("files") == nullptr) {
      reader.fault(reader.node(key)->place, key, "this target writes no files; give a `directory`");
    }
  }
}

std::optional<std::string> read_group(Reader& reader, std::string_view key) {
  return account_reader("group", find_group)(reader, key, true);
}

std::optional<std::string> read_group_name(Reader& reader, std::string_view key) {
  const auto account = read_account(reader, key);
  return account ? std::optional(account->value) : std::nullopt;
}

}  // namespace acmed::config
