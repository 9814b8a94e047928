// SPDX-License-Identifier: Apache-2.0
#include "config/providers/aws_partition.h"

#include <algorithm>
#include <array>

namespace acmed::config {
namespace {

/// As AWS's SDKs have it (endpoints.json and the endpoint rules of Route 53). The usual one stands last: its regions
/// have no prefix of their own.
constexpr std::array<AwsPartition, 8> partitions = {{
    {"aws-cn", "cn-", "amazonaws.com.cn", "route53.amazonaws.com.cn", "cn-northwest-1"},
    {"aws-us-gov", "us-gov-", "amazonaws.com", "route53.us-gov.amazonaws.com", "us-gov-west-1"},
    {"aws-eusc", "eusc-", "amazonaws.eu", "route53.amazonaws.eu", "eusc-de-east-1"},
    {"aws-iso", "us-iso-", "c2s.ic.gov", "route53.c2s.ic.gov", "us-iso-east-1"},
    {"aws-iso-b", "us-isob-", "sc2s.sgov.gov", "route53.sc2s.sgov.gov", "us-isob-east-1"},
    {"aws-iso-e", "eu-isoe-", "cloud.adc-e.uk", "route53.cloud.adc-e.uk", "eu-isoe-west-1"},
    {"aws-iso-f", "us-isof-", "csp.hci.ic.gov", "route53.csp.hci.ic.gov", "us-isof-south-1"},
    {"aws", "", "amazonaws.com", "route53.amazonaws.com", "us-east-1"},
}};

/// In lower case, without the port.
std::string host_in(std::string_view url) {
  const auto begin = url.find("://");
  if (begin == url.npos) return {};
  url.remove_prefix(begin + 3);
  std::string host(url.substr(0, url.find_first_of("/?#:")));
  std::ranges::transform(host, host.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return host;
}

/// Takes the next label.
std::string_view take_label(std::string_view& host) {
  const auto dot = std::min(host.find('.'), host.size());
  const auto label = host.substr(0, dot);
  host.remove_prefix(std::min(dot + 1, host.size()));
  return label;
}

/// "eu-central-1": words and a number, with hyphens.
bool is_region(std::string_view label) {
  const auto hyphen = label.rfind('-');
  if (hyphen == label.npos || hyphen + 1 == label.size()) return false;
  const auto number = label.substr(hyphen + 1);
  return label.substr(0, hyphen).find('-') != label.npos && number.find_first_not_of("0123456789") == number.npos;
}

}  // namespace

const AwsPartition& partition_of_region(std::string_view region) {
  return *std::ranges::find_if(partitions,
                               [region](const AwsPartition& one) { return region.starts_with(one.region_prefix); });
}

const AwsPartition* partition_of_url(std::string_view url) {
  constexpr std::string_view service = "route53";
  const auto host = host_in(url);
  if (!host.starts_with(service)) return nullptr;
  const auto found = std::ranges::find_if(
      partitions, [&](const AwsPartition& one) { return host.ends_with(one.route53_host.substr(service.size())); });
  return found == partitions.end() ? nullptr : &*found;
}

std::string region_in_sts_url(std::string_view url) {
  const auto host = host_in(url);
  for (std::string_view rest = host; !rest.empty();) {
    const auto label = take_label(rest);
    if (label != "sts" && label != "sts-fips") continue;
    const auto region = take_label(rest);
    return is_region(region) ? std::string(region) : std::string();
  }
  return {};
}

}  // namespace acmed::config
