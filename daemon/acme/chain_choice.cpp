// SPDX-License-Identifier: Apache-2.0
#include "daemon/acme/chain_choice.h"

#include "daemon/acme/answer.h"

namespace acmed::acme {
namespace {

constexpr std::size_t most_alternates = 10;

/// `link` as an absolute URL. Only the two forms are known that are in use: absolute, and from the server's root.
std::string resolve(const std::string& base, const std::string& link) {
  if (!link.starts_with('/') || link.starts_with("//")) return link;
  const auto host = base.find("://");
  if (host == std::string::npos) return link;
  return base.substr(0, base.find('/', host + 3)) + link;
}

}  // namespace

std::vector<crypto::Certificate> read_chain(const std::string& doing, const std::string& url,
                                            const http::Response& response) {
  // By its content: some CAs send another media type than application/pem-certificate-chain.
  if (response.body.find("-----BEGIN ") == std::string::npos) {
    throw unexpected_answer(doing, url, response, "a PEM chain");
  }
  return crypto::parse_chain(response.body);
}

bool is_preferred(const std::vector<crypto::Certificate>& chain, std::string_view issuer) {
  return chain.back().issuer_common_name() == issuer;
}

std::vector<std::string> alternates(const std::string& url, const http::Response& response) {
  std::vector<std::string> urls;
  for (const auto& link : response.links("alternate")) {
    if (urls.size() == most_alternates) break;
    urls.push_back(resolve(url, link));
  }
  return urls;
}

}  // namespace acmed::acme
