// SPDX-License-Identifier: Apache-2.0
#include "providers/route53/container.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "dns/endpoint.h"
#include "providers/route53/credentials_json.h"
#include "providers/route53/secret_file.h"

namespace acmed::providers::route53 {
namespace {

constexpr Duration patience = std::chrono::seconds(5);
constexpr std::string_view ecs = "http://169.254.170.2";
constexpr std::array<std::string_view, 3> documented_addresses = {"169.254.170.2", "169.254.170.23", "fd00:ec2::23"};

}  // namespace

bool may_get_token(const std::string& url) {
  if (url.starts_with("https://")) return true;
  constexpr std::string_view http = "http://";
  if (!url.starts_with(http)) return false;
  const auto rest = std::string_view(url).substr(http.size());
  const auto authority = rest.substr(0, rest.find_first_of("/?#"));
  if (authority.find('@') != authority.npos) return false;  // "localhost:x@elsewhere" is elsewhere
  if (authority == "localhost" || authority.starts_with("localhost:")) return true;
  const auto endpoint = dns::Endpoint::parse(authority);
  if (!endpoint) return false;
  const auto address = endpoint->address();
  return address.starts_with("127.") || address == "::1" ||
         std::ranges::find(documented_addresses, address) != documented_addresses.end();
}

std::string Container::url() const {
  const auto relative = environment_("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
  if (!relative.empty()) return fmt::format("{}{}{}", ecs, relative.starts_with('/') ? "" : "/", relative);
  return environment_("AWS_CONTAINER_CREDENTIALS_FULL_URI");
}

Task<Secret> Container::token() {
  const auto file = environment_("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
  if (file.empty()) co_return Secret(environment_("AWS_CONTAINER_AUTHORIZATION_TOKEN"));
  const auto content = co_await read_secret_file(file);
  if (content) co_return *content;
  throw Refused("aws:credentials", fmt::format("the container's token is missing: there is no file {} "
                                               "(AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE)",
                                               file));
}

Task<std::optional<Credentials>> Container::find() {
  const auto from = url();
  if (from.empty()) co_return std::nullopt;
  if (!may_get_token(from)) {
    throw Refused(
        "aws:credentials",
        fmt::format("AWS_CONTAINER_CREDENTIALS_FULL_URI is \"{}\": only https, or http to this host or to the "
                    "addresses that AWS documents, is asked for credentials",
                    from));
  }
  const auto bearer = co_await token();
  http::Request request{"GET", from, {{"accept", "application/json"}}, {}, patience};
  if (!bearer.empty()) request.headers.emplace_back("authorization", bearer.reveal());
  const auto response = co_await http_.send(std::move(request));
  auto credentials = response.status == 200 ? credentials_in_json(response.body) : std::nullopt;
  if (!credentials) {
    throw Retry("aws:credentials",
                fmt::format("the container's endpoint {} gives no credentials: HTTP status {}", from, response.status));
  }
  credentials->origin = "the container's endpoint";
  co_return credentials;
}

}  // namespace acmed::providers::route53
