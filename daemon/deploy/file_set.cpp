// SPDX-License-Identifier: Apache-2.0
#include "daemon/deploy/file_set.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/crypto/digest.h"
#include "base/crypto/encoding.h"
#include "base/crypto/x509.h"
#include "base/error.h"
#include "base/files.h"
#include "base/log.h"
#include "daemon/deploy/file_content.h"
#include "daemon/deploy/owner.h"
#include "daemon/deploy/owner_rights.h"
#include "daemon/deploy/target_folder.h"

namespace acmed::deploy {
namespace {

using config::FileKind;

/// The key last: see FileSet.
constexpr std::array<FileKind, 11> order = {
    FileKind::chain,       FileKind::cert,          FileKind::der,
    FileKind::fullchain,   FileKind::combined,      FileKind::combined_key_last,
    FileKind::pkcs12,      FileKind::pkcs12_legacy, FileKind::privkey_traditional,
    FileKind::privkey_der, FileKind::privkey};
/// Of a random number, and of the hash that all hidden names of a target begin with.
constexpr std::size_t random_digits = 16;
constexpr std::size_t largest_file = std::size_t{1} << 20;
constexpr const char* cause_of_missing = "file:2";  // ENOENT

[[noreturn]] void fail(const std::string& doing, const std::filesystem::path& path) {
  throw Retry(fmt::format("file:{}", errno), system_error_sentence(doing + " " + path.string(), errno));
}

/// What it has already, as that of a folder with the setgid bit, takes no right.
void give(const Fd& fd, const std::filesystem::path& path, const Owner& owner) {
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0) fail("examine", path);
  const auto user = owner.user.value_or(status.st_uid);
  const auto group = owner.group.value_or(status.st_gid);
  if (user == status.st_uid && group == status.st_gid) return;
  if (::fchown(fd.get(), user, group) != 0) fail("set the owner and group of", path);
}

/// Writes a file that has no name anybody knows, gives it its owner and its group, and its mode last: until then only
/// we can open it.
void fill(const Fd& fd, const std::filesystem::path& path, const Secret& content, const Owner& owner, mode_t mode) {
  give(fd, path, owner);
  std::string_view rest = content.reveal();
  while (!rest.empty()) {
    const auto written = ::write(fd.get(), rest.data(), rest.size());
    if (written < 0 && errno != EINTR) fail("write", path);
    if (written > 0) rest.remove_prefix(static_cast<std::size_t>(written));
  }
  if (::fchmod(fd.get(), mode) != 0) fail("set the mode of", path);
  if (::fsync(fd.get()) != 0) fail("sync", path);
}

Journal::Identity identity_of(const Fd& fd, const std::filesystem::path& path) {
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0) fail("examine", path);
  return Journal::Identity::of(status);
}

/// Gives `from` the second name `to`. On a file system without hard links the file is moved instead, and is missing
/// until the new one takes its place. This is done with our own rights: a folder's owner may not link a file that
/// belongs to somebody else (protected_hardlinks of proc_sys_fs(5)), though he could move it.
void link_or_move(const files::OpenFolder& folder, const std::string& from, const std::string& to) {
  if (folder.link(from, to)) return;
  const OwnerRights rights(folder.status());
  folder.rename(from, to);
}

/// Whether a file has the owner, the group and the mode that it was given. When the name service is down, it has.
bool has_access(const struct stat& status, const config::Access& access) {
  if ((status.st_mode & 07777) != access.mode) return false;
  try {
    const auto owner = find_owner(access);
    return owner.user.value_or(status.st_uid) == status.st_uid && owner.group.value_or(status.st_gid) == status.st_gid;
  } catch (const Error&) {
    return true;
  }
}

bool is_random_part(std::string_view text) {
  return text.size() == random_digits && text.find_first_not_of("0123456789abcdef") == text.npos;
}

/// With our own rights, since the files may have been given to somebody else than the folder's owner. What is read is
/// compared and looked at, and told to nobody.
std::optional<std::string> content_in(const files::OpenFolder& folder, const std::string& name) {
  const auto file = folder.open_regular(name);
  if (!file) return std::nullopt;
  return files::read_rest(*file, folder.path() / name, largest_file);
}

}  // namespace

FileSet::FileSet(config::Target target, const std::string& certificate, const std::filesystem::path& journals)
    : target_(std::move(target)),
      certificate_(certificate),
      directory_(target_.directory.value_or(std::filesystem::path())),
      prefix_(".acmed-" + crypto::hex(crypto::sha256(certificate + "/" + target_.name)).substr(0, random_digits) + "-"),
      journal_file_(journals, certificate, target_.name) {}

std::string FileSet::hidden(const std::string& stage, std::string_view role, const std::string& name) const {
  return fmt::format("{}{}-{}-{}", prefix_, stage, role, name);
}

bool FileSet::is_hidden(std::string_view name) const {
  if (!name.starts_with(prefix_)) return false;
  name.remove_prefix(prefix_.size());
  if (is_random_part(name.substr(0, random_digits))) {
    const auto rest = name.substr(random_digits);
    return rest.starts_with("-new-") || rest.starts_with("-old-");
  }
  // acmed 0.1 kept the journal here, and had these names.
  const bool is_new = name.starts_with("new-") && is_random_part(name.substr(4, random_digits));
  return name == "journal" || name.starts_with("old-") || is_new;
}

void FileSet::install(const store::GenerationFiles& files) const {
  put_back();
  const auto folder = open_target_folder(directory_);
  remove_hidden(folder);
  Journal journal{directory_, folder.status().st_ino, crypto::hex(crypto::random_bytes(random_digits / 2)), {}};
  try {
    journal.replacements = stage(folder, files, journal.stage);
    switch_over(folder, journal);
  } catch (...) {
    try {
      put_back();
      remove_hidden(folder);
    } catch (const Error& error) {
      log::error(
          fmt::format("the files in {} are a mixture until the next try: {}", directory_.string(), error.what()));
    }
    throw;
  }
}

/// In the order in which they are to be switched.
std::vector<Journal::Replacement> FileSet::stage(const files::OpenFolder& folder, const store::GenerationFiles& files,
                                                 const std::string& stage) const {
  std::vector<Journal::Replacement> replacements;
  for (const auto kind : order) {
    const auto found = target_.files.find(kind);
    if (found == target_.files.end()) continue;
    const auto& name = found->second;
    const auto staged = hidden(stage, "new", name);
    const auto fd = folder.create(staged);
    const auto access = target_.access_of(kind);
    fill(fd, folder.path() / staged, file_content(kind, target_, certificate_, files), find_owner(access), access.mode);
    const auto former = folder.look(name);
    if (former && S_ISDIR(former->st_mode)) {
      throw Retry("deploy:file", fmt::format("{} is a folder, where a file is to be", (folder.path() / name).string()));
    }
    replacements.push_back({name, former.has_value(), identity_of(fd, folder.path() / staged)});
  }
  return replacements;
}

void FileSet::switch_over(const files::OpenFolder& folder, const Journal& journal) const {
  journal_file_.write(journal);
  for (const auto& [name, existed, now] : journal.replacements) {
    if (existed) link_or_move(folder, name, hidden(journal.stage, "old", name));
  }
  folder.sync();
  {
    const OwnerRights rights(folder.status());
    for (const auto& each : journal.replacements) folder.rename(hidden(journal.stage, "new", each.name), each.name);
  }
  folder.sync();
}

void FileSet::put_back() const {
  const auto journal = journal_file_.read();
  if (!journal) return;
  const auto folder = open_folder_of(*journal);
  if (folder) {
    const OwnerRights rights(folder->status());
    for (auto entry = journal->replacements.rbegin(); entry != journal->replacements.rend(); ++entry) {
      const auto& [name, existed, now] = *entry;
      const auto kept = hidden(journal->stage, "old", name);
      // Without a kept copy, the switch had not reached this file yet, or it is already restored. And what somebody
      // else has put in the place of a new file is not ours to remove.
      if (existed) {
        if (folder->look(kept)) folder->rename(kept, name);
      } else if (const auto there = folder->look(name); there && Journal::Identity::of(*there) == now) {
        folder->remove(name);
      }
    }
  }
  if (folder) folder->sync();
  finish(folder);
}

void FileSet::keep() const {
  const auto journal = journal_file_.read();
  if (journal) finish(open_folder_of(*journal));
}

/// Without the journal the hidden files mean nothing: from here on a crash leads forward.
void FileSet::finish(const std::optional<files::OpenFolder>& folder) const {
  journal_file_.remove();
  if (folder) remove_hidden(*folder);
}

/// Nothing when it is no more, or another one has its place: then there is nothing to be undone in it.
std::optional<files::OpenFolder> FileSet::open_folder_of(const Journal& journal) const {
  std::optional<files::OpenFolder> folder;
  std::string why = "another folder has its place";
  try {
    folder = open_target_folder(journal.directory);
  } catch (const Error& error) {
    // When the target has moved, what is wrong with its former directory must not keep it from its files.
    if (journal.directory == directory_ && error.cause() != cause_of_missing) throw;
    why = error.what();
  }
  if (folder && journal.is_of(folder->status())) return folder;
  log::warning(fmt::format("what was being deployed to {} is neither taken back nor cleaned up there: {}",
                           journal.directory.string(), why));
  return std::nullopt;
}

FileSet::Former FileSet::former() const {
  Former former;
  const auto journal = journal_file_.read();
  if (!journal) return former;
  const auto folder = open_folder_of(*journal);
  if (!folder) return former;
  for (const auto& replacement : journal->replacements) former.existed |= replacement.existed;
  for (const auto kind : {FileKind::fullchain, FileKind::cert, FileKind::combined}) {
    const auto file = target_.files.find(kind);
    if (file == target_.files.end()) continue;
    try {
      const auto content = content_in(*folder, hidden(journal->stage, "old", file->second)).value_or("");
      const auto leaf = content.find("-----BEGIN CERTIFICATE-----");
      if (leaf == content.npos) continue;
      former.not_after = crypto::parse_chain(content.substr(leaf)).front().not_after();
      break;
    } catch (const Error&) {
      // Somebody's own file, or one that we may not read: its value is not ours to judge.
    }
  }
  return former;
}

/// What this and earlier tries left. Nobody else gives such names, and a link is removed itself, not what it leads to.
void FileSet::remove_hidden(const files::OpenFolder& folder) const {
  const OwnerRights rights(folder.status());
  for (const auto& name : folder.names()) {
    if (!is_hidden(name)) continue;
    const auto status = folder.look(name);
    if (status && !S_ISDIR(status->st_mode)) folder.remove(name);
  }
}

void take_back(const TargetName& former, const std::filesystem::path& journals) {
  config::Target target;
  target.name = former.target;
  FileSet(std::move(target), former.certificate, journals).put_back();
  log::warning(fmt::format("{}: the target {} is configured no more: what was under way to it is taken back",
                           former.certificate, former.target),
               {{"ACMED_CERTIFICATE", former.certificate}, {"ACMED_TARGET", former.target}});
}

bool has_files_of(const config::Target& target, const store::GenerationFiles& files) {
  std::optional<files::OpenFolder> folder;
  try {
    folder = open_target_folder(*target.directory);
  } catch (const Error&) {
    return false;  // install() says what is wrong
  }
  return std::ranges::all_of(target.files, [&](const auto& file) {
    const auto& [kind, name] = file;
    const auto status = folder->look(name);
    if (!status || !S_ISREG(status->st_mode) || !has_access(*status, target.access_of(kind))) return false;
    try {
      return is_file_content(Secret(content_in(*folder, name).value_or("")).reveal(), kind, target, files);
    } catch (const files::Denied&) {
      // Given to another user, it may be unreadable for us; then it has to do that it is not empty.
      return status->st_size > 0;
    }
  });
}

}  // namespace acmed::deploy
