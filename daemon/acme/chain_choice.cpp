// SPDX-License-Identifier: Apache-2.0
#include "daemon/acme/chain_choice.h"

#include <fmt/format.h>

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

bool is_preferred(const std::vector<crypto::Certificate>& chain, std::string_view issuer) {
  return chain.back().issuer_common_name() == issuer;
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
