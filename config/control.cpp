// SPDX-License-Identifier: Apache-2.0
#include "config/control.h"

#include <fmt/format.h>

#include <algorithm>

#include "config/addresses.h"
#include "config/files.h"
#include "config/names.h"

namespace acmed::config {
namespace {

constexpr std::size_t longest_socket_path = 107;  // sockaddr_un
constexpr std::string_view usual_port = "9180";

std::vector<std::string> read_listen(Reader& reader) {
  std::vector<std::string> addresses;
  const auto given = reader.texts("listen");
  if (!given) return addresses;
  for (const auto& text : *given) {
    const auto checked = address_with_port(text.value);
    if (!checked.good()) {
      reader.fault(text.place, "listen",
                   in_quotes(text.value) + R"( is no IP address; give one such as "127.0.0.1:9180" or "[::1]:9180")");
      continue;
    }
    const auto host = without_port(text.value);
    // What ends in a port has more than its host.
    const bool has_port = text.value.size() > host.size() + (text.value.starts_with('[') ? 2 : 0);
    auto address = fmt::format(fmt::runtime(host.find(':') == std::string::npos ? "{}:{}" : "[{}]:{}"), host,
                               has_port ? port_of(text.value) : std::string(usual_port));
    if (std::ranges::find(addresses, address) != addresses.end()) {
      reader.fault(text.place, "listen", in_quotes(text.value) + " is named twice");
    }
    addresses.push_back(std::move(address));
  }
  return addresses;
}

}  // namespace

void read_control(Reader reader, Config& config) {
  if (const auto given = reader.text("socket")) {
    auto path = absolute_path(given->value, given->place);
    if (!path.has_filename()) {
      reader.fault(given->place, "socket", in_quotes(given->value) + " is a folder; name the socket in it");
    } else if (path.native().size() > longest_socket_path) {
      reader.fault(given->place, "socket",
                   fmt::format("the path {} has {} octets; a socket has at most {}", path.string(),
                               path.native().size(), longest_socket_path));
    }
    config.control_socket = std::move(path);
  }
  reader.end();
}

void read_http(Reader reader, Config& config) {
  config.http_listen = read_listen(reader);
  if (const auto given = reader.texts("hosts")) {
    for (const auto& text : *given) {
      auto host = zone_name(text.value);
      if (!host.good()) reader.fault(text.place, "hosts", host.fault);
      config.http_hosts.push_back(std::move(host.value));
    }
  }
  if (!config.http_hosts.empty() && config.http_listen.empty()) {
    reader.fault("listen", R"(is missing: hosts is for it; give an address such as "127.0.0.1:9180")");
  }
  reader.end();
}

}  // namespace acmed::config
