// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <iosfwd>
#include <string>
#include <vector>

#include "dns/endpoint.h"

namespace acmed::dns {

/// The content of a file in the format of resolv.conf(5).
struct ResolvConf {
  std::vector<Endpoint> resolvers;    ///< in file order; this host when it names none
  std::vector<std::string> unusable;  ///< entries that are not an address on this host's networks
  bool names_interfaces = false;      ///< some address has a scope (fe80::1%eth0), and interfaces come and go
};
ResolvConf read_resolv_conf(std::istream& file);

/// Identifies a version of a file: differs when it was rewritten or another file has taken its place.
struct FileStamp {
  bool is_there = false;
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::int64_t size = 0;
  std::int64_t content_changed = 0;  ///< nanoseconds
  std::int64_t inode_changed = 0;
  friend bool operator==(const FileStamp&, const FileStamp&) = default;
};

/// The recursive resolvers to ask: fixed ones from the configuration, or those that a file names at the moment.
class Resolvers {
 public:
  /// None.
  Resolvers() = default;
  /// These, permanently.
  Resolvers(std::initializer_list<Endpoint> configured) : list_(configured) {}
  Resolvers(std::vector<Endpoint> configured) : list_(std::move(configured)) {}

  /// Those that `resolv_conf` names, now and after each look().
  static Resolvers of_file(std::filesystem::path resolv_conf);
  static Resolvers of_system() { return of_file("/etc/resolv.conf"); }

  /// May be empty.
  const std::vector<Endpoint>& list() const noexcept { return list_; }

  /// Rereads the file if it has changed; returns whether the list is now different. Costs one stat(2) when nothing has
  /// changed, so it may be called before each look-up. An unreadable file leaves the list as it is.
  bool look();

 private:
  bool has_read(const FileStamp& stamp) const noexcept { return read_whole_ && stamp == read_; }
  void tell_unread(std::string reason);
  void tell_unusable(std::vector<std::string> addresses);

  std::vector<Endpoint> list_;
  std::filesystem::path file_;         ///< empty: the list is fixed
  FileStamp read_;                     ///< of the file as last read
  bool read_whole_ = false;            ///< its meaning depends on nothing else
  std::string unread_because_;         ///< already reported
  std::vector<std::string> unusable_;  ///< already reported
};

}  // namespace acmed::dns
