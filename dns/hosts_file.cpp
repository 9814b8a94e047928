// SPDX-License-Identifier: Apache-2.0
#include "dns/hosts_file.h"

#include <sstream>

#include "base/error.h"
#include "base/files.h"

namespace acmed::dns {
namespace {

constexpr std::size_t longest_file = std::size_t{1024} * 1024;

}  // namespace

bool is_in_hosts_file(const Name& host, const std::filesystem::path& file) {
  std::string content;
  try {
    const auto opened = files::open_regular(file);
    if (!opened) return false;
    content = files::read_rest(*opened, file, longest_file);
  } catch (const Error&) {
    return false;
  }
  std::istringstream lines(content);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line.substr(0, line.find('#')));
    std::string address;
    words >> address;
    for (std::string name; words >> name;) {
      if (Name::parse(name) == host) return true;
    }
  }
  return false;
}

}  // namespace acmed::dns
