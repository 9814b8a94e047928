// SPDX-License-Identifier: Apache-2.0
#include "config/load.h"
#include "tests/unit/config/folder.h"

namespace acmed::config {
namespace {

using Catch::Contains;

std::string table(const std::string& lines) {
  return "[provider.aws]\ntype = \"route53\"\nzones = [\"corp.example\"]\n" + lines;
}

Route53 settings(const std::string& lines) {
  const Folder folder;
  folder.write("secret", "from a file\n");
  return std::get<Route53>(folder.load(table(lines)).providers.at(0).settings);
}

}  // namespace

SCENARIO("a Route 53 provider needs no more than its zones") {
  const auto aws = settings("");
  CHECK(aws.url == "https://route53.amazonaws.com");
  CHECK(aws.sts_url == "https://sts.us-east-1.amazonaws.com");
  CHECK(aws.region == "us-east-1");
  CHECK_FALSE(aws.key);
  CHECK(aws.profile.empty());
  CHECK(aws.role_arn.empty());
  CHECK(aws.hosted_zone_id.empty());
  CHECK(aws.trust_pem.empty());
}

SCENARIO("a Route 53 provider has all that was given") {
  const auto aws = settings(R"(
access_key_id = "AKIAIOSFODNN7EXAMPLE"
secret_access_key = { file = "secret" }
session_token = "token"
role_arn = "arn:aws:iam::123456789012:role/acmed"
external_id = "x 1"
role_session_name = "acmed@host"
hosted_zone_id = "Z0123456789ABCDEFGHIJ"
region = "cn-northwest-1"
url = "http://127.0.0.1:4566"
)");
  REQUIRE(aws.key);
  CHECK(aws.key->id == "AKIAIOSFODNN7EXAMPLE");
  CHECK(aws.key->secret.latest().reveal() == "from a file");
  CHECK(aws.key->session_token.latest().reveal() == "token");
  CHECK(aws.role_arn == "arn:aws:iam::123456789012:role/acmed");
  CHECK(aws.external_id == "x 1");
  CHECK(aws.role_session_name == "acmed@host");
  CHECK(aws.hosted_zone_id == "Z0123456789ABCDEFGHIJ");
  CHECK(aws.url == "http://127.0.0.1:4566");
  CHECK(aws.sts_url == "https://sts.cn-northwest-1.amazonaws.com.cn");
  CHECK(settings("profile = \"dns\"\nsts_url = \"https://sts.test\"").profile == "dns");
  CHECK(settings("sts_url = \"https://sts.test\"").sts_url == "https://sts.test");
}

SCENARIO("Route 53 is one service a partition, and STS one a region") {
  struct Expected {
    const char* region;
    const char* url;
    const char* signed_for;
    const char* sts_url;
    const char* partition;
  };
  // What botocore does for these (its endpoints.json); aws-eusc and the isolated ones as AWS's SDKs have them.
  for (const auto& [region, url, signed_for, sts_url, partition] : {
           Expected{"eu-central-1", "https://route53.amazonaws.com", "us-east-1",
                    "https://sts.eu-central-1.amazonaws.com", "aws"},
           Expected{"cn-north-1", "https://route53.amazonaws.com.cn", "cn-northwest-1",
                    "https://sts.cn-north-1.amazonaws.com.cn", "aws-cn"},
           Expected{"us-gov-east-1", "https://route53.us-gov.amazonaws.com", "us-gov-west-1",
                    "https://sts.us-gov-east-1.amazonaws.com", "aws-us-gov"},
           Expected{"eusc-de-east-1", "https://route53.amazonaws.eu", "eusc-de-east-1",
                    "https://sts.eusc-de-east-1.amazonaws.eu", "aws-eusc"},
           Expected{"us-iso-west-1", "https://route53.c2s.ic.gov", "us-iso-east-1",
                    "https://sts.us-iso-west-1.c2s.ic.gov", "aws-iso"},
           Expected{"us-isob-west-1", "https://route53.sc2s.sgov.gov", "us-isob-east-1",
                    "https://sts.us-isob-west-1.sc2s.sgov.gov", "aws-iso-b"},
           Expected{"eu-isoe-west-1", "https://route53.cloud.adc-e.uk", "eu-isoe-west-1",
                    "https://sts.eu-isoe-west-1.cloud.adc-e.uk", "aws-iso-e"},
           Expected{"us-isof-east-1", "https://route53.csp.hci.ic.gov", "us-isof-south-1",
                    "https://sts.us-isof-east-1.csp.hci.ic.gov", "aws-iso-f"},
       }) {
    INFO(region);
    const auto aws = settings("region = \"" + std::string(region) + "\"");
    CHECK(aws.url == url);
    CHECK(aws.region == signed_for);
    CHECK(aws.sts_url == sts_url);
    CHECK(aws.sts_region == region);
    CHECK(aws.partition == partition);
  }
  WHEN("the URL says which partition it is") {
    const auto aws = settings("url = \"https://route53.us-gov.amazonaws.com\"");
    CHECK(aws.region == "us-gov-west-1");
    CHECK(aws.sts_url == "https://sts.us-gov-west-1.amazonaws.com");
    CHECK(settings("url = \"https://route53-fips.amazonaws.com\"").region == "us-east-1");
  }
  WHEN("STS is asked at another place") {
    const auto region_at = [](const std::string& url) { return settings("sts_url = \"" + url + "\"").sts_region; };
    CHECK(region_at("https://sts.eu-central-1.amazonaws.com") == "eu-central-1");
    CHECK(region_at("https://STS-FIPS.us-west-2.amazonaws.com:443/") == "us-west-2");
    CHECK(region_at("https://vpce-0a1.sts.eu-west-1.vpce.amazonaws.com") == "eu-west-1");
    CHECK(region_at("https://sts.amazonaws.com") == "us-east-1");
    CHECK(region_at("http://127.0.0.1:4566") == "us-east-1");
  }
  WHEN("the environment names the region, as in a cluster of AWS") {
    ::setenv("AWS_REGION", "cn-north-1", 1);
    CHECK(settings("").url == "https://route53.amazonaws.com.cn");
    CHECK(settings("region = \"eu-west-1\"").sts_region == "eu-west-1");
    ::setenv("AWS_REGION", "../x", 1);
    CHECK(settings("").url == "https://route53.amazonaws.com");
    ::unsetenv("AWS_REGION");
  }
}

SCENARIO("the id of a hosted zone may be given as AWS's tools print it") {
  CHECK(settings("hosted_zone_id = \"/hostedzone/Z0123\"").hosted_zone_id == "Z0123");
}

SCENARIO("faults of a Route 53 provider") {
  const Folder folder;
  folder.write("text", "no certificate");
  const std::pair<const char*, const char*> cases[] = {
      {"access_key_id = \"AKIA1\"", "acmed.toml:1:11: provider.aws.secret_access_key: is missing"},
      {"secret_access_key = \"s\"", "provider.aws.access_key_id: is missing"},
      {"session_token = \"t\"", "provider.aws.session_token: belongs to access_key_id"},
      {"access_key_id = \"wJalrXUtnFEMI/K7MDENG\"\nsecret_access_key = \"s\"",
       "provider.aws.access_key_id: this is no id of an access key"},
      {"access_key_id = \"AKIA1\"\nsecret_access_key = \"s\"\nprofile = \"p\"",
       "provider.aws.profile: access_key_id is given as well"},
      {"role_arn = \"acmed\"", "provider.aws.role_arn: \"acmed\" is no ARN of a role"},
      {"external_id = \"x\"", "provider.aws.external_id: belongs to role_arn"},
      {"role_session_name = \"acmed\"", "provider.aws.role_session_name: belongs to role_arn"},
      {"role_arn = \"arn:x\"\nrole_session_name = \"a b\"", "\"a b\" is no name of a session"},
      {"hosted_zone_id = \"/change/Z1\"", "\"/change/Z1\" is no id of a hosted zone"},
      {"region = \"us_east\"", "\"us_east\" is no region of AWS"},
      {"url = \"route53.amazonaws.com\"", "provider.aws.url: \"route53.amazonaws.com\" was found, a URL is wanted"},
      {"sts_url = \"ftp://x\"", "provider.aws.sts_url: "},
      {"trust = \"text\"", "provider.aws.trust: text does not hold certificates in PEM"},
      {"acces_key_id = \"x\"", "did you mean access_key_id?"},
  };
  for (const auto& [lines, expected] : cases) {
    INFO(lines);
    const auto faults = folder.faults(table(lines));
    CHECK_THAT(faults, Contains(expected));
    CHECK(faults.find('\n') == std::string::npos);
    CHECK_THAT(faults, !Contains("wJalr"));
  }
  CHECK_THAT(folder.faults("[provider.aws]\ntype = \"route53\"\nzones = [\"a.example\", \"b.example\"]\n"
                           "hosted_zone_id = \"Z1\""),
             Contains("acmed.toml:4:18: provider.aws.hosted_zone_id: one hosted zone has one name"));
}

}  // namespace acmed::config
