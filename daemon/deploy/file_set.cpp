// SPDX-License-Identifier: Apache-2.0
#include "daemon/deploy/file_set.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>

#include "base/crypto/digest.h"
#include "base/crypto/encoding.h"
#include "base/crypto/x509.h"
#include "base/error.h"
#include "base/files.h"
#include "base/json.h"
#include "base/log.h"
#include "daemon/deploy/file_content.h"
#include "daemon/deploy/owner.h"

namespace acmed::deploy {
namespace {

using config::FileKind;

/// The key last: see FileSet.
constexpr std::array<FileKind, 11> order = {
    FileKind::chain,       FileKind::cert,          FileKind::der,
    FileKind::fullchain,   FileKind::combined,      FileKind::combined_key_last,
    FileKind::pkcs12,      FileKind::pkcs12_legacy, FileKind::privkey_traditional,
    FileKind::privkey_der, FileKind::privkey};
/// A journal lists the few files of a target.
constexpr std::size_t largest_journal = std::size_t{64} * 1024;

[[noreturn]] void fail(const std::string& doing, const std::filesystem::path& path) {
  throw Retry("deploy:file", system_error_sentence(doing + " " + path.string(), errno));
}

bool is_there(const std::filesystem::path& path) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) == 0) return true;
  if (errno != ENOENT) fail("examine", path);
  return false;
}

void remove_file(const std::filesystem::path& path) {
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) fail("remove", path);
}

void move_file(const std::filesystem::path& from, const std::filesystem::path& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) fail("put a file at", to);
}

/// Only we can open the file until it has its owner and group; its mode is set last.
void write_staged(const std::filesystem::path& path, const Secret& content, const Owner& owner, mode_t mode) {
  const Fd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd) fail("create", path);
  if ((owner.user || owner.group) && ::fchown(fd.get(), owner.user.value_or(static_cast<uid_t>(-1)),
                                              owner.group.value_or(static_cast<gid_t>(-1))) != 0) {
    fail("set the owner and group of", path);
  }
  std::string_view rest = content.reveal();
  while (!rest.empty()) {
    const auto written = ::write(fd.get(), rest.data(), rest.size());
    if (written < 0 && errno != EINTR) fail("write", path);
    if (written > 0) rest.remove_prefix(static_cast<std::size_t>(written));
  }
  if (::fchmod(fd.get(), mode) != 0) fail("set the mode of", path);
  if (::fsync(fd.get()) != 0) fail("sync", path);
}

/// Gives `from` the second name `to`. On a file system without hard links the file is moved instead, and is missing
/// until the new one takes its place.
void link_or_move(const std::filesystem::path& from, const std::filesystem::path& to) {
  if (::link(from.c_str(), to.c_str()) == 0) return;
  if (errno != EPERM && errno != EOPNOTSUPP && errno != EMLINK) fail("keep a copy of", from);
  move_file(from, to);
}

}  // namespace

FileSet::FileSet(config::Target target, const std::string& certificate)
    : target_(std::move(target)),
      certificate_(certificate),
      directory_(target_.directory.value_or(std::filesystem::path())),
      prefix_(".acmed-" + crypto::hex(crypto::sha256(certificate + "/" + target_.name)).substr(0, 16) + "-"),
      stage_(crypto::hex(crypto::random_bytes(8))) {}

std::filesystem::path FileSet::hidden(const std::string& role, const std::string& name) const {
  return path(prefix_ + role + (name.empty() ? "" : "-" + name));
}

void FileSet::install(const store::GenerationFiles& files) const {
  struct stat status {};
  if (::stat(directory_.c_str(), &status) != 0) fail("use the directory", directory_);
  if (!S_ISDIR(status.st_mode)) {
    throw Retry("deploy:file", fmt::format("{} is no directory", directory_.string()));
  }
  put_back();
  try {
    stage(files);
    switch_over();
  } catch (...) {
    try {
      put_back();
    } catch (const Error& error) {
      log::error(
          fmt::format("the files in {} are a mixture until the next try: {}", directory_.string(), error.what()));
    }
    throw;
  }
}

void FileSet::stage(const store::GenerationFiles& files) const {
  for (const auto& [kind, name] : target_.files) {
    const auto access = target_.access_of(kind);
    write_staged(staged(name), file_content(kind, target_, certificate_, files), find_owner(access), access.mode);
  }
}

void FileSet::switch_over() const {
  std::vector<Replacement> replacements;
  for (const auto kind : order) {
    const auto file = target_.files.find(kind);
    if (file != target_.files.end()) replacements.push_back({file->second, is_there(path(file->second))});
  }
  write_journal(replacements);
  for (const auto& [name, existed] : replacements) {
    if (existed) link_or_move(path(name), hidden("old", name));
  }
  files::sync_folder(directory_);
  for (const auto& [name, existed] : replacements) move_file(staged(name), path(name));
  files::sync_folder(directory_);
}

void FileSet::put_back() const {
  const auto replacements = read_journal();
  for (auto entry = replacements.rbegin(); entry != replacements.rend(); ++entry) {
    const auto& [name, existed] = *entry;
    // Without a kept copy, the switch had not reached this file yet, or it is already restored.
    if (!existed) {
      remove_file(path(name));
    } else if (is_there(hidden("old", name))) {
      move_file(hidden("old", name), path(name));
    }
  }
  if (!replacements.empty()) files::sync_folder(directory_);
  keep();
}

FileSet::Former FileSet::former() const {
  Former former;
  for (const auto& replacement : read_journal()) former.existed |= replacement.existed;
  for (const auto kind : {FileKind::fullchain, FileKind::cert, FileKind::combined}) {
    const auto file = target_.files.find(kind);
    if (file == target_.files.end()) continue;
    try {
      const auto content = files::read(hidden("old", file->second)).value_or("");
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

bool FileSet::has_files_of(const store::GenerationFiles& files) const {
  return std::ranges::all_of(target_.files, [&](const auto& file) {
    const auto& [kind, name] = file;
    struct stat status {};
    if (::stat(path(name).c_str(), &status) != 0) return false;
    // A file given to another user may be unreadable for us; then it has to do that it is not empty.
    if (::access(path(name).c_str(), R_OK) != 0) return status.st_size > 0;
    return is_file_content(Secret(files::read(path(name)).value_or("")).reveal(), kind, target_, files);
  });
}

void FileSet::keep() const {
  // Without the journal the hidden files mean nothing: from here on a crash leads forward.
  if (is_there(hidden("journal"))) {
    remove_file(hidden("journal"));
    files::sync_folder(directory_);
  }
  remove_hidden();
}

void FileSet::remove_hidden() const {
  std::error_code error;
  std::vector<std::filesystem::path> found;
  for (std::filesystem::directory_iterator entry(directory_, error), end; !error && entry != end;
       entry.increment(error)) {
    if (entry->path().filename().string().starts_with(prefix_)) found.push_back(entry->path());
  }
  if (error) {
    errno = error.value();
    fail("read the directory", directory_);
  }
  for (const auto& leftover : found) remove_file(leftover);
}

std::vector<FileSet::Replacement> FileSet::read_journal() const {
  std::vector<Replacement> replacements;
  if (!is_there(hidden("journal"))) return replacements;
  const auto damaged = [&](const std::string& how) {
    return Retry("deploy:file", fmt::format("{}; put the files beside it in order by hand and remove it", how));
  };
  const auto is_damaged = hidden("journal").string() + " is damaged";
  std::string text;
  try {
    // The directory may belong to somebody else, who can put anything under that name.
    text = files::read(hidden("journal"), largest_journal, files::Links::refused).value_or("");
  } catch (const Retry& error) {
    throw damaged(error.what());
  }
  const auto journal = json::parse(text);
  if (!journal || journal->as_array() == nullptr) throw damaged(is_damaged);
  for (const auto& entry : journal->elements()) {
    const auto name = entry["name"].text_or();
    // A name with a slash would lead out of the directory.
    if (name.empty() || name.find('/') != std::string::npos) throw damaged(is_damaged);
    replacements.push_back({name, entry["existed"].bool_or(true)});
  }
  return replacements;
}

void FileSet::write_journal(const std::vector<Replacement>& replacements) const {
  json::Array journal;
  for (const auto& [name, existed] : replacements) {
    journal.emplace_back(json::Object{{"name", name}, {"existed", existed}});
  }
  files::write_new(staged("journal"), json::dump(journal), 0600);
  move_file(staged("journal"), hidden("journal"));
  files::sync_folder(directory_);
}

}  // namespace acmed::deploy
