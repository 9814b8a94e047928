// SPDX-License-Identifier: Apache-2.0
#include "dns/resolvers.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/stat.h>

#include <cerrno>
#include <sstream>
#include <utility>

#include "base/error.h"
#include "base/fd.h"
#include "base/log.h"

namespace acmed::dns {
namespace {

constexpr std::size_t longest_file = std::size_t{64} * 1024;  // what is beyond is not read

/// resolv.conf(5): without an entry, the name server on this host.
std::vector<Endpoint> this_host() {
  return {Endpoint::parse("127.0.0.1").value_or(Endpoint())};
}

std::int64_t nanoseconds(const timespec& time) {
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

FileStamp stamp_of(const struct stat& status) {
  return {true, status.st_dev, status.st_ino, status.st_size, nanoseconds(status.st_mtim), nanoseconds(status.st_ctim)};
}

/// Of the file at `path`; as of a missing one where it cannot be looked at.
FileStamp stamp_at(const std::filesystem::path& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 ? stamp_of(status) : FileStamp();
}

struct Content {
  std::string text;  ///< empty when there is no file
  FileStamp stamp;   ///< from before the reading, so that what is written meanwhile is seen the next time
  int error_number = 0;
};

/// Waits for nobody, as a FIFO in the file's place would make it: a regular file or none.
Content content_of(const std::filesystem::path& path) {
  Content content;
  const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!fd) {
    content.error_number = errno == ENOENT ? 0 : errno;
    return content;
  }
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0 || !S_ISREG(status.st_mode)) {
    content.error_number = EINVAL;
    return content;
  }
  content.stamp = stamp_of(status);
  content.text.resize(longest_file);
  std::size_t size = 0;
  while (size < longest_file) {
    const auto count = ::read(fd.get(), content.text.data() + size, longest_file - size);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) content.error_number = errno;
    if (count <= 0) break;
    size += static_cast<std::size_t>(count);
  }
  content.text.resize(size);
  return content;
}

std::string text_of(const std::vector<Endpoint>& endpoints) {
  std::vector<std::string> texts;
  texts.reserve(endpoints.size());
  for (const auto& endpoint : endpoints) texts.push_back(endpoint.text());
  return texts.empty() ? "none" : fmt::format("{}", fmt::join(texts, ", "));
}

}  // namespace

ResolvConf read_resolv_conf(std::istream& file) {
  ResolvConf result;
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string keyword;
    std::string address;
    words >> keyword >> address;
    if (keyword != "nameserver") continue;
    if (address.find('%') != std::string::npos) result.names_interfaces = true;
    if (const auto resolver = Endpoint::parse(address)) {
      result.resolvers.push_back(*resolver);
    } else {
      result.unusable.push_back(std::move(address));
    }
  }
  if (result.resolvers.empty() && result.unusable.empty()) result.resolvers = this_host();
  return result;
}

Resolvers Resolvers::of_file(std::filesystem::path resolv_conf) {
  Resolvers result;
  result.file_ = std::move(resolv_conf);
  result.list_ = this_host();
  result.look();
  return result;
}

bool Resolvers::look() {
  if (file_.empty() || has_read(stamp_at(file_))) return false;
  const bool first = !read_whole_ && !read_.is_there;
  const auto content = content_of(file_);
  if (content.error_number != 0) {
    tell_unread(content.error_number);
    return false;
  }
  unread_because_ = 0;
  std::istringstream text(content.text);
  auto found = read_resolv_conf(text);
  read_ = content.stamp;
  // With interfaces the same words may mean another address, or none, tomorrow.
  read_whole_ = !found.names_interfaces;
  tell_unusable(std::move(found.unusable));
  if (found.resolvers == list_) return false;
  list_ = std::move(found.resolvers);
  if (!first) log::info(fmt::format("{} has changed: the resolvers are {}", file_.string(), text_of(list_)));
  return true;
}

/// Once for each reason, or each look-up would tell it.
void Resolvers::tell_unread(int error_number) {
  read_whole_ = false;
  if (std::exchange(unread_because_, error_number) == error_number) return;
  log::warning(error_number == EINVAL ? fmt::format("{} is not read: it is no regular file", file_.string())
                                      : system_error_sentence("read " + file_.string(), error_number));
}

void Resolvers::tell_unusable(std::vector<std::string> addresses) {
  if (addresses == unusable_) return;
  unusable_ = std::move(addresses);
  for (const auto& address : unusable_) {
    log::warning(fmt::format("{}: the nameserver \"{}\" is not asked: it is no address on this host's networks",
                             file_.string(), address));
  }
}

}  // namespace acmed::dns
