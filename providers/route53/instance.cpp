// SPDX-License-Identifier: Apache-2.0
#include "providers/route53/instance.h"

#include <fmt/format.h>

#include "base/foreign_text.h"
#include "providers/route53/credentials_json.h"

namespace acmed::providers::route53 {
namespace {

// The service is on the host itself. From within a container the answer may never come: its packets live for one hop.
constexpr Duration patience = std::chrono::seconds(2);
constexpr const char* token_seconds = "21600";
constexpr const char* roles = "/latest/meta-data/iam/security-credentials/";
constexpr std::size_t longest_role = 128;

bool is_true(const std::string& text) {
  return text == "true" || text == "True" || text == "TRUE";
}

/// The first line: an instance has one role.
std::string first_line(const std::string& text) {
  return text.substr(0, text.find_first_of("\r\n"));
}

}  // namespace

std::string Instance::place() const {
  return fmt::format("the metadata service of EC2 at {} ({})", url(), said_.empty() ? "not asked" : said_);
}

std::string Instance::url() const {
  auto endpoint = environment_("AWS_EC2_METADATA_SERVICE_ENDPOINT");
  if (endpoint.ends_with('/')) endpoint.pop_back();
  if (!endpoint.empty()) return endpoint;
  const auto mode = environment_("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE");
  return mode == "IPv6" || mode == "ipv6" ? "http://[fd00:ec2::254]" : "http://169.254.169.254";
}

Task<std::optional<Credentials>> Instance::find() {
  if (is_true(environment_("AWS_EC2_METADATA_DISABLED"))) {
    said_ = "switched off by AWS_EC2_METADATA_DISABLED";
    co_return std::nullopt;
  }
  const auto pass = co_await token();
  if (pass.empty()) co_return std::nullopt;
  const auto listed = co_await get(roles, pass);
  const auto role = first_line(listed);
  if (role.empty() || role.size() > longest_role) {
    said_ = "the instance has no role";
    co_return std::nullopt;
  }
  const auto answer = co_await get(roles + role, pass);
  auto credentials = credentials_in_json(answer);
  if (!credentials) {
    throw Retry("aws:credentials",
                fmt::format("the metadata service of EC2 gives no credentials for the instance's role {}",
                            one_line(role, longest_role)));
  }
  credentials->origin = "the instance's role " + one_line(role, longest_role);
  co_return credentials;
}

/// Empty when there is no such service here.
Task<std::string> Instance::token() {
  try {
    const auto response = co_await http_.send(
        {"PUT", url() + "/latest/api/token", {{"x-aws-ec2-metadata-token-ttl-seconds", token_seconds}}, {}, patience});
    if (response.status == 200) co_return first_line(response.body);
    said_ = fmt::format("it answered with HTTP status {}", response.status);
  } catch (const Error& error) {
    said_ = error.what();
  }
  co_return std::string();
}

/// Empty where there is nothing.
Task<std::string> Instance::get(std::string path, std::string token) {
  const auto response = co_await http_.send({"GET", url() + path, {{"x-aws-ec2-metadata-token", token}}, {}, patience});
  if (response.status == 200) co_return response.body;
  if (response.status == 404) co_return std::string();
  throw Retry(fmt::format("http:{}", response.status),
              fmt::format("the metadata service of EC2 at {} answers with HTTP status {}", url(), response.status));
}

}  // namespace acmed::providers::route53
