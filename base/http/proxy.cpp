// SPDX-License-Identifier: Apache-2.0
#include "base/http/proxy.h"

#include <cstdlib>
#include <initializer_list>

#include "base/http/url.h"

namespace acmed::http {
namespace {

// curl's own, for a proxy without one.
constexpr const char* default_port = "1080";
constexpr const char* default_tls_port = "443";

std::string first_of(std::initializer_list<const char*> variables) {
  for (const auto* variable : variables) {
    const auto* value = std::getenv(variable);
    if (value != nullptr && *value != '\0') return value;
  }
  return {};
}

}  // namespace

std::string proxy_for(const std::string& url) {
  // curl ignores HTTP_PROXY, which a CGI script would get from its client.
  auto proxy = url.starts_with("https:") ? first_of({"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"})
                                         : first_of({"http_proxy", "all_proxy", "ALL_PROXY"});
  if (proxy.empty()) return {};
  const auto* port = proxy.starts_with("https:") ? default_tls_port : default_port;
  // Only what stands behind the scheme is of interest: socks5h is none that a URL may have.
  if (const auto scheme = proxy.find("://"); scheme != proxy.npos) proxy.erase(0, scheme + 3);
  const auto host = host_of("http://" + proxy);
  const bool has_port = host.rfind(':') != host.npos && host.back() != ']';
  return has_port ? host : host + ':' + port;
}

}  // namespace acmed::http
