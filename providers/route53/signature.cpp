// SPDX-License-Identifier: Apache-2.0
#include "providers/route53/signature.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>

#include "base/crypto/digest.h"
#include "base/crypto/encoding.h"
#include "base/encoding.h"

namespace acmed::providers::route53 {
namespace {

constexpr std::string_view algorithm = "AWS4-HMAC-SHA256";

/// What stands in the URL is encoded once more, but for its slashes.
std::string canonical_path(std::string_view path) {
  return path.empty() ? "/" : percent_encoded(path, "/");
}

/// Without blanks at its ends, and with one where there are several.
std::string trimmed(std::string_view value) {
  std::string text;
  for (const char c : value) {
    const bool blank = c == ' ' || c == '\t';
    if (!blank) {
      text += c;
    } else if (!text.empty() && text.back() != ' ') {
      text += ' ';
    }
  }
  if (text.ends_with(' ')) text.pop_back();
  return text;
}

Pairs sorted(Pairs pairs) {
  std::ranges::sort(pairs);
  return pairs;
}

std::string signed_names(const Call& call) {
  std::string names;
  for (const auto& [name, value] : sorted(call.headers)) names += (names.empty() ? "" : ";") + name;
  return names;
}

std::string hmac(std::string_view key, std::string_view text) {
  return crypto::hmac(crypto::Digest::sha256, key, text);
}

}  // namespace

std::string query_text(const Pairs& query) {
  Pairs encoded;
  encoded.reserve(query.size());
  for (const auto& [name, value] : query) encoded.emplace_back(percent_encoded(name), percent_encoded(value));
  std::string text;
  for (const auto& [name, value] : sorted(std::move(encoded))) {
    if (!text.empty()) text += '&';
    text.append(name).append("=").append(value);
  }
  return text;
}

std::string canonical_request(const Call& call) {
  std::string headers;
  for (const auto& [name, value] : sorted(call.headers)) headers += name + ":" + trimmed(value) + "\n";
  return fmt::format("{}\n{}\n{}\n{}\n{}\n{}", call.method, canonical_path(call.path), query_text(call.query), headers,
                     signed_names(call), crypto::hex(crypto::sha256(call.body)));
}

std::string signing_key(const Secret& secret_key, const std::string& day, const SignatureScope& scope) {
  const Secret start("AWS4" + secret_key.reveal());
  return hmac(hmac(hmac(hmac(start.reveal(), day), scope.region), scope.service), "aws4_request");
}

void sign(Call& call, const Credentials& by, const SignatureScope& scope, Time now) {
  const auto second = std::chrono::floor<std::chrono::seconds>(now);
  const auto time = fmt::format("{:%Y%m%dT%H%M%SZ}", second);
  const auto day = time.substr(0, 8);
  call.headers.emplace_back("x-amz-date", time);
  if (!by.session_token.empty()) call.headers.emplace_back("x-amz-security-token", by.session_token.reveal());

  const auto full_scope = fmt::format("{}/{}/{}/aws4_request", day, scope.region, scope.service);
  const auto to_sign =
      fmt::format("{}\n{}\n{}\n{}", algorithm, time, full_scope, crypto::hex(crypto::sha256(canonical_request(call))));
  const auto signature = crypto::hex(hmac(signing_key(by.secret_key, day, scope), to_sign));
  call.headers.emplace_back("authorization",
                            fmt::format("{} Credential={}/{}, SignedHeaders={}, Signature={}", algorithm, by.key_id,
                                        full_scope, signed_names(call), signature));
}

}  // namespace acmed::providers::route53
