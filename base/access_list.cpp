// SPDX-License-Identifier: Apache-2.0
#include "base/access_list.h"

#include <endian.h>
#include <fmt/format.h>
#include <linux/posix_acl.h>
#include <linux/posix_acl_xattr.h>
#include <sys/xattr.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "base/error.h"

namespace acmed::files {
namespace {

/// Larger than any that the kernel takes.
constexpr std::size_t largest_list = std::size_t{64} * 1024;

}  // namespace

std::optional<AccessList> access_list_of(int fd) {
  // Not fgetxattr(2), which does not take a descriptor of O_PATH.
  const auto path = fmt::format("/proc/self/fd/{}", fd);
  std::string octets(largest_list, '\0');
  const auto size = ::getxattr(path.c_str(), "system.posix_acl_access", octets.data(), octets.size());
  // ENOENT: there is no /proc, as in a bare chroot. Then the mode has to do.
  if (size < 0 && (errno == ENODATA || errno == EOPNOTSUPP || errno == ENOENT)) return std::nullopt;
  if (size < 0) throw Refused("file:acl", system_error_sentence("read an access control list", errno));
  auto list = parse_access_list({octets.data(), static_cast<std::size_t>(size)});
  if (!list) throw Refused("file:acl", "an access control list has a form that acmed does not know");
  return list;
}

std::optional<AccessList> parse_access_list(std::string_view octets) {
  posix_acl_xattr_header header{};
  if (octets.size() < sizeof header) return std::nullopt;
  std::memcpy(&header, octets.data(), sizeof header);
  octets.remove_prefix(sizeof header);
  if (le32toh(header.a_version) != POSIX_ACL_XATTR_VERSION || octets.size() % sizeof(posix_acl_xattr_entry) != 0) {
    return std::nullopt;
  }
  AccessList list;
  bool is_masked = false;
  for (; !octets.empty(); octets.remove_prefix(sizeof(posix_acl_xattr_entry))) {
    posix_acl_xattr_entry entry{};
    std::memcpy(&entry, octets.data(), sizeof entry);
    const bool writes = (le16toh(entry.e_perm) & ACL_WRITE) != 0;
    const auto tag = le16toh(entry.e_tag);
    if (tag == ACL_MASK) is_masked = !writes;
    if (!writes) continue;
    if (tag == ACL_GROUP_OBJ) list.group = true;
    if (tag == ACL_USER) list.users.push_back(le32toh(entry.e_id));
    if (tag == ACL_GROUP) list.groups.push_back(le32toh(entry.e_id));
  }
  return is_masked ? AccessList() : list;
}

}  // namespace acmed::files
