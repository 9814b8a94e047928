// SPDX-License-Identifier: Apache-2.0
#include "dns/resolvers.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/stat.h>

#include <sstream>

#include "base/error.h"
#include "base/files.h"
#include "base/log.h"

namespace acmed::dns {
namespace {

constexpr std::size_t longest_file = std::size_t{64} * 1024;
constexpr std::string_view keyword_of_entry = "nameserver";

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
};

/// Throws Retry.
Content content_of(const std::filesystem::path& path) {
  Content content;
  const auto file = files::open_regular(path);
  if (!file) return content;
  struct stat status {};
  if (::fstat(file->get(), &status) == 0) content.stamp = stamp_of(status);
  content.text = files::read_rest(*file, path, longest_file);
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
    if (keyword != keyword_of_entry) continue;
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
  Content content;
  try {
    content = content_of(file_);
  } catch (const Retry& failure) {
    read_whole_ = false;
    tell_unread(failure.what());
    return false;
  }
  unread_because_.clear();
  std::istringstream text(content.text);
  auto found = read_resolv_conf(text);
  read_ = content.stamp;
  // With interfaces the same words may mean another address, or none, tomorrow.
  read_whole_ = !found.names_interfaces;
  tell_unusable(std::move(found.unusable));
  if (content.text.find(keyword_of_entry) == std::string::npos) {
    log::info(fmt::format("{} {}: the resolver of this host is asked", file_.string(),
                          content.stamp.is_there ? "names no nameserver" : "is not there"));
  }
  if (found.resolvers == list_) return false;
  list_ = std::move(found.resolvers);
  if (!first) log::info(fmt::format("{} has changed: the resolvers are {}", file_.string(), text_of(list_)));
  return true;
}

/// Once for each reason, or each look-up would tell it.
void Resolvers::tell_unread(std::string reason) {
  if (reason == unread_because_) return;
  unread_because_ = std::move(reason);
  log::warning(fmt::format("{}: the resolvers stay {}", unread_because_, text_of(list_)));
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
