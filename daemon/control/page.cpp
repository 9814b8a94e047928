// SPDX-License-Identifier: Apache-2.0
#include "daemon/control/page.h"

#include <fmt/format.h>

#include "base/crypto/digest.h"
#include "base/encoding.h"
#include "daemon/control/embedded.h"

namespace acmed::control {
namespace {

/// The source expression of what is between `begin` and `end` (CSP3 §2.3.1).
std::string hash_of(std::string_view html, std::string_view begin, std::string_view end) {
  const auto from = html.find(begin);
  if (from == std::string_view::npos) return "'none'";
  const auto text = html.substr(from + begin.size());
  return fmt::format("'sha256-{}'", base64(crypto::sha256(text.substr(0, text.find(end)))));
}

}  // namespace

std::string policy_for(std::string_view html) {
  return fmt::format(
      "default-src 'none'; connect-src 'self'; img-src data:; script-src {}; style-src {}; base-uri 'none'; "
      "form-action 'none'; frame-ancestors 'none'",
      hash_of(html, "<script>", "</script>"), hash_of(html, "<style>", "</style>"));
}

http::ServerResponse status_page() {
  static const std::string policy = policy_for(embedded::page);
  http::ServerResponse response;
  response.headers.emplace_back("Content-Type", "text/html; charset=utf-8");
  response.headers.emplace_back("Content-Security-Policy", policy);
  response.body = embedded::page;
  return response;
}

}  // namespace acmed::control
