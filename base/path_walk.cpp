// SPDX-License-Identifier: Apache-2.0
#include "base/path_walk.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <deque>

#include "base/file_failure.h"
#include "base/host_accounts.h"

namespace acmed::files {
namespace {

/// As many as Linux follows.
constexpr int most_links = 40;

std::string text_of_link(const Fd& folder, const std::string& name, const std::filesystem::path& path) {
  std::string text(PATH_MAX, '\0');
  const auto size = ::readlinkat(folder.get(), name.c_str(), text.data(), text.size());
  if (size < 0) fail("read", path);
  text.resize(static_cast<std::size_t>(size));
  return text;
}

void put_first(std::deque<std::string>& names, const std::filesystem::path& path) {
  std::vector<std::string> parts;
  for (const auto& part : path.relative_path()) {
    if (!part.empty() && part != ".") parts.push_back(part.string());
  }
  names.insert(names.begin(), parts.begin(), parts.end());
}

[[noreturn]] void refuse_link(const std::filesystem::path& whole, const std::filesystem::path& link, uid_t owner) {
  // Where somebody else has it lead is no advice.
  if (owner != 0 && owner != ::geteuid()) {
    throw LinkFound("file:link", fmt::format("{} is a symbolic link, which the user {} has made: remove it",
                                             link.string(), name_of_user(owner)));
  }
  std::error_code error;
  const auto real = std::filesystem::canonical(whole, error);
  throw LinkFound("file:link",
                  fmt::format("{} is a symbolic link{}", link.string(),
                              error ? "" : fmt::format("; write {} in place of {}", real.string(), whole.string())));
}

/// The way so far: what is being walked, and the folder that it has come to.
class Walker {
 public:
  Walker(const std::filesystem::path& whole, Links links) : whole_(whole), links_(links) {}

  std::optional<Walk> run() {
    put_first(names_, whole_);
    start();
    while (!names_.empty()) {
      const auto name = names_.front();
      names_.pop_front();
      if (!step(name)) return std::nullopt;
    }
    return std::move(walk_);
  }

 private:
  void start() {
    here_ = Fd(::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!here_) fail("read", whole_);
    path_ = "/";
    arrive(Fd(::openat(here_.get(), ".", O_PATH | O_DIRECTORY | O_CLOEXEC)), ".");
  }

  /// False when there is nothing of that name.
  bool step(const std::string& name) {
    auto folder = std::move(here_);
    Fd next(::openat(folder.get(), name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
    if (!next && errno == ENOENT) return false;
    if (!next) fail("read", whole_);
    path_ = name == ".." ? path_.parent_path() : path_ / name;
    struct stat status {};
    if (::fstat(next.get(), &status) != 0) fail("read", whole_);
    if (S_ISLNK(status.st_mode)) {
      follow(std::move(folder), name, status);
      return true;
    }
    here_ = std::move(next);
    arrive(std::move(folder), name);
    return true;
  }

  void follow(Fd folder, const std::string& name, const struct stat& status) {
    if (links_ == Links::refused) refuse_link(whole_, path_, status.st_uid);
    walk_.components.push_back({path_, status, std::nullopt});
    if (++followed_ > most_links) {
      errno = ELOOP;
      fail("read", whole_);
    }
    const std::filesystem::path target = text_of_link(folder, name, whole_);
    put_first(names_, target);
    if (target.is_absolute()) {
      start();
    } else {
      here_ = std::move(folder);
      path_ = path_.parent_path();
    }
  }

  void arrive(Fd folder, const std::string& name) {
    struct stat status {};
    if (::fstat(here_.get(), &status) != 0) fail("read", whole_);
    walk_.components.push_back({path_, status, access_list_of(here_.get())});
    walk_.folder = std::move(folder);
    walk_.name = name;
  }

  const std::filesystem::path whole_;
  const Links links_;
  std::deque<std::string> names_;  ///< to be walked yet
  std::filesystem::path path_;
  Fd here_;  ///< what `path_` is
  Walk walk_;
  int followed_ = 0;
};

}  // namespace

std::optional<Walk> walk(const std::filesystem::path& path, Links links) {
  return Walker(std::filesystem::absolute(path), links).run();
}

}  // namespace acmed::files
