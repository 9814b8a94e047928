// SPDX-License-Identifier: Apache-2.0
#include "daemon/store/generation_files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "base/crypto/x509.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/files.h"
#include "base/host_accounts.h"
#include "base/json.h"
#include "base/log.h"
#include "base/secret.h"
#include "daemon/store/key_group.h"
#include "daemon/store/records.h"

namespace acmed::store {
namespace {

namespace fs = std::filesystem;

constexpr mode_t public_file_mode = 0644;
constexpr mode_t shared_key_mode = 0640;
constexpr mode_t private_key_mode = 0600;
constexpr std::size_t largest_key = std::size_t{1} << 20;
constexpr std::string_view certificate_begin = "-----BEGIN CERTIFICATE-----";
constexpr std::string_view certificate_end = "-----END CERTIFICATE-----\n";
/// meta.json is written last, right after the others. If a slow disk came in between, that costs one more check.
constexpr std::time_t writing_takes = 2;
constexpr std::array<const char*, 4> names = {"privkey.pem", "cert.pem", "chain.pem", "fullchain.pem"};

GenerationMeta meta_in(const fs::path& folder) {
  return generation_meta_from_json(json::parse(files::read(folder / "meta.json").value_or("")).value_or(json::Value()));
}

/// Whether it has no key file because its key stays in a token. meta.json is read only where there is none.
bool has_key_in_token(const fs::path& folder) {
  return !fs::exists(fs::symlink_status(folder / "privkey.pem")) && !meta_in(folder).key_uri.empty();
}

bool is_whole_certificates(std::string_view pem) {
  return pem.starts_with(certificate_begin) && pem.ends_with(certificate_end);
}

/// Whether every file exists, none but the chain is empty, and none was changed, renamed or given to somebody else
/// since they were written together. st_ctime shows that; no program can set it. `key`: what its file is, untouched for
/// one in a token; no key is that when `folder` is empty.
bool are_as_written(const Fd& open, struct stat& key, const std::string& folder) {
  struct stat written {};
  if (!open || ::fstatat(open.get(), "meta.json", &written, 0) != 0) return false;
  return std::ranges::all_of(names, [&](const char* name) {
    const bool is_key = name == names.front();
    struct stat other {};
    auto& status = is_key ? key : other;
    if (::fstatat(open.get(), name, &status, is_key ? AT_SYMLINK_NOFOLLOW : 0) != 0) {
      return is_key && !folder.empty() && has_key_in_token(folder);
    }
    if (is_key && !S_ISREG(status.st_mode)) return false;
    const bool may_be_empty = std::string_view(name) == "chain.pem";
    return (status.st_size > 0 || may_be_empty) && status.st_ctime <= written.st_ctime + writing_takes;
  });
}

bool are_as_written(const std::string& folder) {
  // Names relative to an open folder: its path is walked only once.
  const Fd open(::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  struct stat key {};
  return are_as_written(open, key, folder);
}

/// Whether `group` may read the key, and nobody else besides us.
bool is_given_to(const struct stat& key, std::optional<gid_t> group) {
  return (key.st_mode & 07777) == (group ? shared_key_mode : private_key_mode) && (!group || key.st_gid == *group);
}

/// Rewrites `name` unless it has `content`.
void settle(const fs::path& folder, const char* name, const std::string& found, const std::string& content) {
  if (found == content && fs::exists(folder / name)) return;
  files::write_durably(folder / name, content, public_file_mode);
  log::warning(fmt::format("{} was missing or damaged: it is written again from the others", (folder / name).string()));
}

[[noreturn]] void fail_with(const fs::path& path) {
  throw fs::filesystem_error("change", path, std::error_code(errno, std::generic_category()));
}

/// Exchanges `key` for a copy that is made in group_folder(), with the mode of a shared key. False when no such folder
/// is there for us.
bool rewrite_for(gid_t group, const fs::path& key, const fs::path& state_directory) {
  const auto folder = group_folder(state_directory, group);
  struct stat status {};
  const bool is_of_group = ::lstat(folder.c_str(), &status) == 0 && S_ISDIR(status.st_mode) && status.st_gid == group &&
                           (status.st_mode & S_ISGID) != 0;
  if (!is_of_group || ::faccessat(AT_FDCWD, folder.c_str(), W_OK | X_OK, AT_EACCESS) != 0) return false;
  const Secret content(files::read(key, largest_key, files::Links::refused).value_or(""));
  const auto copy = files::temporary_beside(folder / key.filename());
  files::write_new(copy, content.reveal(), shared_key_mode);
  if (::lstat(copy.c_str(), &status) != 0 || status.st_gid != group || ::rename(copy.c_str(), key.c_str()) != 0) {
    const int error = errno;
    ::unlink(copy.c_str());
    if (status.st_gid != group) return false;  // a file system that knows no setgid bit of folders
    errno = error;
    fail_with(key);
  }
  files::sync_folder(key.parent_path());
  return true;
}

/// `meta`: of a generation whose key stays in a token.
bool is_pair(const GenerationMeta& meta, const std::string& full_chain) {
  try {
    return crypto::parse_chain(full_chain).front().public_key_digest() == meta.public_key;
  } catch (const Error&) {
    return false;
  }
}

bool is_pair(const Secret& key, const std::string& full_chain) {
  try {
    return crypto::parse_chain(full_chain).front().has_key(crypto::PrivateKey::from_pem(key));
  } catch (const Error&) {
    return false;
  }
}

}  // namespace

bool is_whole_key(std::string_view pem) {
  return pem.starts_with("-----BEGIN ") && pem.find("\n-----END ") != pem.npos;
}

bool are_in_order(const Fd& certificates, const std::string& generation, std::optional<gid_t> group) {
  const Fd open(::openat(certificates.get(), generation.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  struct stat key {};
  // Where there is no key, it may be in a token: that takes a longer look.
  return are_as_written(open, key, {}) && is_given_to(key, group);
}

std::optional<std::string> fault_of(const std::string& path) {
  if (are_as_written(path)) return std::nullopt;
  const fs::path folder(path);
  const auto content = [&folder](const char* name) { return files::read(folder / name).value_or(""); };
  const Secret key(content("privkey.pem"));
  const bool is_in_token = has_key_in_token(folder);
  if (!is_in_token && !is_whole_key(key.reveal())) {
    return fmt::format("{} is {}", (folder / "privkey.pem").string(),
                       fs::exists(folder / "privkey.pem") ? (key.empty() ? "empty" : "damaged") : "missing");
  }
  const auto leaf = content("cert.pem");
  const auto chain = content("chain.pem");
  auto full_chain = content("fullchain.pem");
  // A file truncated between two certificates looks intact: the longer one has more.
  const bool parts_are_whole = is_whole_certificates(leaf) && (chain.empty() || is_whole_certificates(chain));
  if (parts_are_whole && (!is_whole_certificates(full_chain) || full_chain.size() < leaf.size() + chain.size())) {
    full_chain = leaf + chain;
  }
  if (!is_whole_certificates(full_chain)) {
    return fmt::format("{} is missing or damaged, and so is {}", (folder / "fullchain.pem").string(),
                       (folder / "cert.pem").string());
  }
  const auto end_of_leaf = full_chain.find(certificate_end) + certificate_end.size();
  settle(folder, "cert.pem", leaf, full_chain.substr(0, end_of_leaf));
  settle(folder, "chain.pem", chain, full_chain.substr(end_of_leaf));
  settle(folder, "fullchain.pem", content("fullchain.pem"), full_chain);
  if (is_in_token && !is_pair(meta_in(folder), full_chain)) {
    return fmt::format("the certificate in {} is not for the key in the token", folder.string());
  }
  if (!is_in_token && !is_pair(key, full_chain)) {
    return fmt::format("key and certificate in {} do not belong together", folder.string());
  }
  return std::nullopt;
}

std::string give_key_to(const std::string& folder, std::optional<gid_t> group, const fs::path& state_directory) {
  const auto path = folder + "/privkey.pem";
  if (has_key_in_token(folder)) return {};
  const mode_t mode = group ? shared_key_mode : private_key_mode;
  struct stat status {};
  if (::lstat(path.c_str(), &status) == 0 && is_given_to(status, group)) return {};
  const bool is_as_written = are_as_written(folder);
  const Fd key(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!key || ::fstat(key.get(), &status) != 0) fail_with(path);
  auto former = fmt::format("{} had the mode {:04o} and the group {}", path, status.st_mode & 07777,
                            name_of_group(status.st_gid));
  // Never open to the former group any more, nor to the new one before it has the file.
  if (::fchmod(key.get(), private_key_mode) != 0) fail_with(path);
  if (!group || ::fchown(key.get(), static_cast<uid_t>(-1), *group) == 0) {
    if (::fchmod(key.get(), mode) != 0) fail_with(path);
  } else if (errno != EPERM) {
    fail_with(path);
  } else if (!rewrite_for(*group, path, state_directory)) {
    throw Refused(
        "live:group",
        fmt::format("the group {0} may not read {1}, since {2} cannot give it files; type: sudo install -d -o "
                    "{2} -g {0} -m 2700 {3}",
                    name_of_group(*group), path, name_of_user(::geteuid()),
                    group_folder(state_directory, *group).string()));
  }
  // To the look at the next start this was no change.
  if (is_as_written) ::utimensat(AT_FDCWD, (folder + "/meta.json").c_str(), nullptr, 0);
  return former;
}

}  // namespace acmed::store
