// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace acmed::config {

/// A partition of AWS: regions with accounts, endpoints and signatures of their own.
struct AwsPartition {
  std::string_view id;              ///< as in ARNs
  std::string_view region_prefix;   ///< what its regions' names begin with
  std::string_view domain;          ///< of its regional endpoints, "sts.REGION.DOMAIN"
  std::string_view route53_host;    ///< Route 53 is one service for all of a partition's regions
  std::string_view route53_region;  ///< for which requests to it are signed
};

/// That of a region; "aws" for one of which nothing is known.
const AwsPartition& partition_of_region(std::string_view region);

/// That to whose Route 53 `url` leads, by its own host or by one that ends as it does, such as those for FIPS; null
/// when it leads elsewhere.
const AwsPartition* partition_of_url(std::string_view url);

/// The region in the host of a regional endpoint of STS ("sts.REGION.amazonaws.com", "sts-fips.REGION...",
/// "vpce-X.sts.REGION.vpce.amazonaws.com"); empty when there is none in it.
std::string region_in_sts_url(std::string_view url);

}  // namespace acmed::config
