// SPDX-License-Identifier: Apache-2.0
#include "config/urls.h"

#include <algorithm>

#include "config/toml.h"

namespace acmed::config {
namespace {

bool has_host_after(std::string_view text, std::string_view scheme) {
  return text.size() > scheme.size() && text.starts_with(scheme) && text[scheme.size()] != '/' &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

// The URL itself is not repeated: it may contain a password.
constexpr const char* user_is_refused =
    "a URL with a user name or password in it was found: URLs are logged, so leave out what stands before the @";

}  // namespace

bool names_user(std::string_view url) {
  const auto scheme = url.find("://");
  if (scheme != url.npos) url.remove_prefix(scheme + 3);
  return url.substr(0, url.find('/')).find('@') != url.npos;
}

Checked<> https_url(std::string_view text) {
  if (names_user(text)) return {{}, user_is_refused};
  if (has_host_after(text, "https://")) return {std::string(text), {}};
  return {{}, in_quotes(text) + R"( was found, an https URL is wanted: "https://HOST/PATH")"};
}

Checked<> http_url(std::string_view text) {
  if (names_user(text)) return {{}, user_is_refused};
  if (has_host_after(text, "https://") || has_host_after(text, "http://")) return {std::string(text), {}};
  return {{}, in_quotes(text) + R"( was found, a URL is wanted: "https://HOST/PATH" or "http://HOST/PATH")"};
}

bool is_in_the_clear(std::string_view url) {
  constexpr std::string_view scheme = "http://";
  if (!url.starts_with(scheme)) return false;
  url.remove_prefix(scheme.size());
  auto host = url.substr(0, url.find_first_of("/?#"));
  if (host.starts_with('[')) return !host.starts_with("[::1]");
  host = host.substr(0, host.find(':'));
  const bool is_number = host.find_first_not_of("0123456789.") == host.npos;
  return host != "localhost" && !(is_number && host.starts_with("127."));
}

}  // namespace acmed::config
