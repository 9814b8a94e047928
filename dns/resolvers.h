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

/// What a file in the format of resolv.conf(5) says.
struct ResolvConf {
  std::vector<Endpoint> resolvers;    ///< in its order; this host when it names none
  std::vector<std::string> unusable;  ///< what is named and is no address on this host's networks
  bool names_interfaces = false;      ///< some address has one (fe80::1%eth0), and interfaces come and go
};
ResolvConf read_resolv_conf(std::istream& file);

/// By which it is told that a file was written anew, or that another one has taken its place.
struct FileStamp {
  bool is_there = false;
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::int64_t size = 0;
  std::int64_t content_changed = 0;  ///< nanoseconds
  std::int64_t inode_changed = 0;
  friend bool operator==(const FileStamp&, const FileStamp&) = default;
};

/// The recursive resolvers that are to be asked: those that were configured, or those that a file names at the time.
class Resolvers {
 public:
  /// None.
  Resolvers() = default;
  /// These, for ever.
  Resolvers(std::initializer_list<Endpoint> configured) : list_(configured) {}
  Resolvers(std::vector<Endpoint> configured) : list_(std::move(configured)) {}

  /// Those that `resolv_conf` names, now and after each look().
  static Resolvers of_file(std::filesystem::path resolv_conf);
  static Resolvers of_system() { return of_file("/etc/resolv.conf"); }

  /// May be empty.
  const std::vector<Endpoint>& list() const noexcept { return list_; }

  /// Reads the file again when it has changed; whether the list is another one now. Costs a stat(2) where nothing has
  /// changed, so it may be called before each look-up. A file that cannot be read leaves the list as it is.
  bool look();

 private:
  bool has_read(const FileStamp& stamp) const noexcept { return read_whole_ && stamp == read_; }
  void tell_unread(std::string reason);
  void tell_unusable(std::vector<std::string> addresses);

  std::vector<Endpoint> list_;
  std::filesystem::path file_;         ///< empty: the list was configured
  FileStamp read_;                     ///< of the file that was read last
  bool read_whole_ = false;            ///< what it says depends on nothing else
  std::string unread_because_;         ///< told already
  std::vector<std::string> unusable_;  ///< told already
};

}  // namespace acmed::dns
