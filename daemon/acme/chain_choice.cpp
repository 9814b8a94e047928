// SPDX-License-Identifier: Apache-2.0
#include "daemon/acme/chain_choice.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/foreign_text.h"
#include "base/http/url.h"
#include "daemon/acme/answer.h"

namespace acmed::acme {
namespace {

constexpr std::size_t most_alternates = 10;
/// TLS clients accept only so many in a handshake; real chains have two to four certificates.
constexpr std::size_t most_certificates = 10;
constexpr std::size_t largest_chain = std::size_t{64} * 1024;
constexpr std::size_t longest_url = 200;
constexpr std::size_t longest_name = 64;  // RFC 5280, appendix A.1: ub-common-name

}  // namespace

std::vector<crypto::Certificate> read_chain(const std::string& doing, const std::string& url,
                                            const http::Response& response) {
  // Judged by content: some CAs send another media type than application/pem-certificate-chain.
  if (response.body.find("-----BEGIN ") == std::string::npos) {
    throw unexpected_answer(doing, url, response, "a PEM chain");
  }
  const auto unusable = [&](const std::string& cause, const std::string& why) {
    return AnswerError(
        cause,
        fmt::format("cannot {}: CA {} sent a chain that cannot be used: {}", doing, one_line(url, longest_url), why),
        response.status);
  };
  if (response.body.size() > largest_chain) {
    throw unusable(odd_answer, fmt::format("it has {} octets, more than {}", response.body.size(), largest_chain));
  }
  std::vector<crypto::Certificate> chain;
  try {
    chain = crypto::parse_chain(response.body);
  } catch (const Error& error) {
    throw unusable(error.cause(), error.what());
  }
  if (chain.size() <= most_certificates) return chain;
  throw unusable(odd_answer, fmt::format("it has {} certificates, more than {}", chain.size(), most_certificates));
}

Fit fit_of(const std::vector<crypto::Certificate>& chain, std::string_view preferred) {
  constexpr std::string_view by_fingerprint = "sha256:";
  if (preferred.starts_with(by_fingerprint)) {
    const auto wanted = preferred.substr(by_fingerprint.size());
    const auto has_it = [wanted](const crypto::Certificate& each) { return each.fingerprint() == wanted; };
    // There is one such certificate only: nothing fits better.
    return std::any_of(chain.begin() + 1, chain.end(), has_it) ? Fit::top : Fit::none;
  }
  if (chain.back().issuer_common_name() == preferred) return Fit::top;
  const auto is_named_so = [preferred](const crypto::Certificate& each) { return each.common_name() == preferred; };
  return std::any_of(chain.begin() + 1, chain.end(), is_named_so) ? Fit::within : Fit::none;
}

std::string described(const std::vector<crypto::Certificate>& chain) {
  std::string text;
  for (auto each = chain.begin() + 1; each != chain.end(); ++each) {
    text += fmt::format("\"{}\" from ", one_line(each->common_name(), longest_name));
  }
  return text + fmt::format("\"{}\"", one_line(chain.back().issuer_common_name(), longest_name));
}

std::vector<std::string> alternates(const http::Response& response) {
  std::vector<std::string> urls;
  for (const auto& link : response.links("alternate")) {
    if (urls.size() == most_alternates) break;
    urls.push_back(http::resolved(response.url, link));
  }
  return urls;
}

}  // namespace acmed::acme
