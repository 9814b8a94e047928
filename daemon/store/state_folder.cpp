// SPDX-License-Identifier: Apache-2.0
#include "daemon/store/state_folder.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "base/crypto/digest.h"
#include "base/crypto/encoding.h"
#include "base/error.h"
#include "base/host_accounts.h"
#include "base/log.h"
#include "base/trusted_path.h"

namespace acmed::store {
namespace {

namespace fs = std::filesystem;

bool is_hexadecimal(std::string_view text) {
  return text.find_first_not_of("0123456789abcdef") == text.npos;
}

/// acmed 0.1 wrote "key.pem.RANDOM.new" before there was key.pem.
bool is_account_leftover(std::string_view name) {
  const auto of = files::leftover_of(name);
  if (of) return *of == "account.json" || *of == "key.pem" || *of == "next_key.pem";
  constexpr std::string_view begin = "key.pem.";
  constexpr std::string_view end = ".new";
  return name.size() == begin.size() + 16 + end.size() && name.starts_with(begin) && name.ends_with(end) &&
         is_hexadecimal(name.substr(begin.size(), 16));
}

/// What may have other owners if root, or another user, once worked here.
constexpr auto entries = std::to_array(
    {"", "lock", "accounts", "certificates", "providers", "live", "stamps", "deployments", "ledger.json", "told.json"});

std::optional<uid_t> owner_of(const fs::path& path) {
  struct stat status {};
  // A state directory may be a symbolic link (DynamicUser=): what counts is where it leads.
  return ::stat(path.c_str(), &status) == 0 ? std::optional(status.st_uid) : std::nullopt;
}

/// Whoever can change what the path leads to can take away the keys, or put others in their place.
void refuse_if_shared(const fs::path& folder) {
  const auto way = files::walk(folder, files::Links::followed);
  if (!way) return;  // removed since it was made: what is opened next says so
  const auto fault = files::fault_of(*way, files::Trusted::of_process());
  if (!fault.empty()) throw Refused("store:shared", fmt::format("the state directory is not safe: {}", fault));
}

/// Root may write anywhere, but the folder's user could not use what root writes.
void refuse_as_root(const fs::path& folder) {
  if (::geteuid() != 0) return;
  for (const auto* entry : entries) {
    const auto path = *entry == '\0' ? folder : folder / entry;
    const auto owner = owner_of(path);
    // Where anybody may lay a folder, its owner is not whom acmed is to be run as.
    if (*entry == '\0' && owner && *owner == 0) refuse_if_shared(folder);
    if (!owner || *owner == 0) continue;
    const auto name = name_of_user(*owner);
    const bool is_number = name == std::to_string(*owner);
    throw Refused("store:owner",
                  fmt::format("{} belongs to the user {}, who could not use what root writes there. Run acmed as that "
                              "user: sudo -u {} acmed ...",
                              path.string(), name, is_number ? fmt::format("'#{}'", name) : name));
  }
}

/// The error for an operation on `path` in the state directory `folder` that this user is not permitted: whose it is,
/// and what to type. `sentence` alone when that is not the reason.
std::string with_owner(std::string sentence, fs::path path, const fs::path& folder) {
  const auto own = name_of_user(::geteuid());
  const auto top = folder.lexically_normal();
  std::error_code hidden;
  if (fs::symlink_status(top, hidden).type() == fs::file_type::not_found) {
    return fmt::format("{}. Type as root: install -d -o {} -m {:04o} {}", sentence, own, passage_mode, top.string());
  }
  for (path = path.lexically_normal();; path = path.parent_path()) {
    const auto owner = owner_of(path);
    if (owner && *owner != ::geteuid()) {
      return fmt::format("{}: {} belongs to the user {}, and acmed runs as {}. Type as root: chown -R {} {}", sentence,
                         path.string(), name_of_user(*owner), own, own, top.string());
    }
    if (path == top || !path.has_relative_path()) return sentence;
  }
}

/// HOST-HASH
std::string account_folder_name(const std::string& directory_url, const std::string& told_apart_by) {
  const auto start = directory_url.find("://") + 3;
  auto host = directory_url.substr(start, directory_url.find('/', start) - start);
  std::replace(host.begin(), host.end(), ':', '_');
  return host + "-" + crypto::hex(crypto::sha256(told_apart_by)).substr(0, 12);
}

/// Removes what the previous process was writing when it was killed: it may contain keys.
void remove_leftovers(const fs::path& folder) {
  files::remove_leftovers(folder, [](std::string_view name) {
    const auto of = files::leftover_of(name);
    return of == "ledger.json" || of == "told.json";
  });
  for (const auto* of_us : {"live", "deployments"}) {
    files::remove_leftovers(folder / of_us, [](std::string_view name) { return files::leftover_of(name).has_value(); });
  }
  files::remove_leftovers(folder / "providers", [](std::string_view name) {
    return files::leftover_of(name).value_or("").ends_with(".json");
  });
  const auto in_each = [](const fs::path& parent, bool (*is_leftover)(std::string_view name)) {
    std::error_code error;
    for (fs::directory_iterator each(parent, error), end; !error && each != end; each.increment(error)) {
      files::remove_leftovers(each->path(), is_leftover);
    }
  };
  in_each(folder / "accounts", is_account_leftover);
  in_each(folder / "groups", [](std::string_view name) { return files::leftover_of(name).has_value(); });
}

/// There are keys and passwords in it, and a backup may have been restored without its rights.
void close_to_others(const fs::path& folder) {
  struct stat status {};
  if (::stat(folder.c_str(), &status) != 0 || (status.st_mode & 077) == 0) return;
  log::warning(fmt::format("{} was open to other users of this host (mode {:04o}): it is closed", folder.string(),
                           status.st_mode & 07777));
  if (::chmod(folder.c_str(), private_folder_mode) != 0) {
    throw fs::filesystem_error("close", folder, std::error_code(errno, std::generic_category()));
  }
}

/// A backup that follows links leaves copies of generations in live/. Those of certificates that are configured are
/// exchanged for links later; a key of any other is closed here.
void close_copies_to_others(const fs::path& live) {
  std::error_code error;
  for (fs::directory_iterator entry(live, error), end; !error && entry != end; entry.increment(error)) {
    std::error_code gone;
    // Nearly all are links, as the listing itself tells.
    if (entry->is_symlink(gone) || !entry->is_directory(gone)) continue;
    const auto key = entry->path() / "privkey.pem";
    struct stat status {};
    if (::lstat(key.c_str(), &status) != 0 || !S_ISREG(status.st_mode) || (status.st_mode & 07) == 0) continue;
    ::chmod(key.c_str(), status.st_mode & 07770);
  }
}

/// acmed 0.1 let nobody list it.
void open_for_watchers(const fs::path& folder) {
  struct stat status {};
  if (::stat(folder.c_str(), &status) == 0 && (status.st_mode & 07777) == passage_mode) {
    ::chmod(folder.c_str(), watched_mode);
  }
}

}  // namespace

StateFolder::StateFolder(std::filesystem::path path) : path_(std::move(path)) {
  refuse_as_root(path_);
  const auto open = [this] {
    files::make_folder(path_, passage_mode);
    auto lock = files::lock(path_ / "lock");
    if (!lock) {
      throw Refused(
          "store:locked",
          fmt::format("another acmed works in {}. Where it is the service, ask it to do what is due: systemctl reload "
                      "acmed. Or stop it first (systemctl stop acmed), or give this one a state_directory of its "
                      "own",
                      path_.string()));
    }
    lock_ = *std::move(lock);
    refuse_if_shared(path_);
    for (const auto* folder : {"accounts", "providers", "deployments"}) close_to_others(path_ / folder);
    files::make_folder(path_ / "accounts", private_folder_mode);
    files::make_folder(path_ / "certificates", passage_mode);
    for (const auto* folder : {"live", "stamps"}) files::make_folder(path_ / folder, watched_mode);
    open_for_watchers(path_ / "live");
    close_copies_to_others(path_ / "live");
    files::make_folder(deployments(), private_folder_mode);
    remove_leftovers(path_);
  };
  with_owner_named(open);
}

fs::path account_folder(const fs::path& state_directory, const AccountIdentity& identity) {
  auto told_apart_by = fmt::format("{}\n{}\n{}", identity.directory_url, identity.external_account, identity.key_type);
  if (!identity.brought_key.empty()) told_apart_by += "\n" + identity.brought_key;
  // No thumbprint has a blank in it.
  if (!identity.label.empty()) told_apart_by += "\nlabel " + identity.label;
  return state_directory / "accounts" / account_folder_name(identity.directory_url, told_apart_by);
}

fs::path StateFolder::account(const AccountIdentity& identity) const {
  return account_folder(path_, identity);
}

fs::path StateFolder::account_of_0_1(const std::string& directory_url) const {
  return path_ / "accounts" / account_folder_name(directory_url, directory_url);
}

Retry StateFolder::named(const files::Denied& error) const {
  return {error.cause(), with_owner(error.what(), error.path(), path_)};
}

Retry StateFolder::named(const fs::filesystem_error& error) const {
  const auto number = error.code().value();
  auto sentence = system_error_sentence("change " + error.path1().string(), number);
  if (number == EACCES || number == EPERM) sentence = with_owner(std::move(sentence), error.path1(), path_);
  return {fmt::format("file:{}", number), sentence};
}

}  // namespace acmed::store
