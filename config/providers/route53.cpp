// SPDX-License-Identifier: Apache-2.0
#include "config/providers/route53.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "config/providers/aws_partition.h"
#include "config/secrets.h"
#include "config/trust.h"

namespace acmed::config {
namespace {

constexpr std::string_view capitals = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
constexpr std::string_view small_letters = "abcdefghijklmnopqrstuvwxyz";
constexpr std::string_view digits = "0123456789";
constexpr std::size_t longest_zone_id = 32;
constexpr std::size_t longest_key_id = 128;
constexpr std::size_t longest_session_name = 64;

bool consists_of(std::string_view text, std::initializer_list<std::string_view> sets) {
  return std::ranges::all_of(text, [&](char c) {
    return std::ranges::any_of(sets, [c](std::string_view set) { return set.find(c) != set.npos; });
  });
}

/// AWS's tools take the region of the environment, too; in a cluster or a container AWS sets it.
std::string usual_region() {
  for (const char* variable : {"AWS_REGION", "AWS_DEFAULT_REGION"}) {
    const char* value = std::getenv(variable);
    const std::string_view region = value == nullptr ? "" : value;
    if (!region.empty() && consists_of(region, {small_letters, digits, "-"})) return std::string(region);
  }
  return "us-east-1";
}

std::string read_region(Reader& reader) {
  const auto given = reader.text("region");
  if (!given) return usual_region();
  if (!consists_of(given->value, {small_letters, digits, "-"})) {
    reader.fault(given->place, "region", in_quotes(given->value) + " is no region of AWS, such as \"us-east-1\"");
  }
  return given->value;
}

std::string read_zone_id(Reader& reader, const Provider& provider) {
  auto given = reader.text("hosted_zone_id");
  if (!given) return {};
  constexpr std::string_view prefix = "/hostedzone/";  // as AWS's tools print it
  if (given->value.starts_with(prefix)) given->value.erase(0, prefix.size());
  if (given->value.size() > longest_zone_id || !consists_of(given->value, {capitals, digits})) {
    reader.fault(given->place, "hosted_zone_id",
                 in_quotes(given->value) + " is no id of a hosted zone, such as \"Z0123456789ABCDEFGHIJ\"");
  } else if (provider.zones.size() != 1) {
    reader.fault(given->place, "hosted_zone_id",
                 "one hosted zone has one name: name just that in `zones`, and make a provider for each other zone");
  }
  return given->value;
}

std::optional<AwsKey> read_key(Reader& reader) {
  const bool has_id = reader.node("access_key_id") != nullptr;
  const bool has_secret = reader.node("secret_access_key") != nullptr;
  const auto id = reader.text("access_key_id");
  const auto secret = read_secret(reader, "secret_access_key");
  const auto token = read_secret(reader, "session_token");
  if (has_id != has_secret) {
    reader.fault(has_id ? "secret_access_key" : "access_key_id",
                 "is missing: access_key_id and secret_access_key are given together, or neither for AWS' usual chain");
  }
  if (token && !has_id && !has_secret) {
    reader.fault(token->place, "session_token", "belongs to access_key_id and secret_access_key, which are missing");
  }
  if (!id || !secret) return std::nullopt;
  // Not repeated: it may be the secret in the wrong place.
  if (id->value.size() > longest_key_id || !consists_of(id->value, {capitals, small_letters, digits, "_"})) {
    reader.fault(id->place, "access_key_id", "this is no id of an access key, such as \"AKIAIOSFODNN7EXAMPLE\"");
  }
  return AwsKey{id->value, secret->source, token ? token->source : SecretSource()};
}

std::string text_of(const std::optional<Text>& given) {
  return given ? given->value : std::string();
}

void read_role(Reader& reader, Route53& settings) {
  const auto arn = reader.text("role_arn");
  const auto external_id = reader.text("external_id");
  const auto session = reader.text("role_session_name");
  if (arn && !arn->value.starts_with("arn:")) {
    reader.fault(arn->place, "role_arn",
                 in_quotes(arn->value) + " is no ARN of a role, such as \"arn:aws:iam::123456789012:role/acmed\"");
  }
  if (session && (session->value.size() < 2 || session->value.size() > longest_session_name ||
                  !consists_of(session->value, {capitals, small_letters, digits, "_+=,.@-"}))) {
    reader.fault(session->place, "role_session_name",
                 in_quotes(session->value) + " is no name of a session: 2 to 64 of letters, digits and _+=,.@-");
  }
  for (const auto& [key, given] : {std::pair{"external_id", &external_id}, std::pair{"role_session_name", &session}}) {
    if (*given && !arn) reader.fault((*given)->place, key, "belongs to role_arn, which is missing");
  }
  settings.role_arn = text_of(arn);
  settings.external_id = text_of(external_id);
  settings.role_session_name = text_of(session);
}

}  // namespace

void read_route53(Reader& reader, Provider& provider) {
  Route53 settings;
  const auto region = read_region(reader);
  const auto url = reader.url_of_signed("url");
  const auto* named = url ? partition_of_url(*url) : nullptr;
  const auto& partition = named != nullptr ? *named : partition_of_region(region);
  settings.partition = partition.id;
  settings.region = partition.route53_region;
  settings.url = url.value_or(fmt::format("https://{}", partition.route53_host));
  // Where the URL names another partition than the region, tokens of that region would be of no use.
  const auto regional = partition_of_region(region).id == partition.id ? region : settings.region;
  settings.sts_url =
      reader.url_of_signed("sts_url").value_or(fmt::format("https://sts.{}.{}", regional, partition.domain));
  const auto told = region_in_sts_url(settings.sts_url);
  settings.sts_region = told.empty() ? regional : told;
  settings.trust_pem = read_trust(reader);
  settings.hosted_zone_id = read_zone_id(reader, provider);
  settings.key = read_key(reader);
  const auto profile = reader.text("profile");
  if (profile && reader.node("access_key_id") != nullptr) {
    reader.fault(profile->place, "profile", "access_key_id is given as well: leave out one of the two");
  }
  settings.profile = text_of(profile);
  read_role(reader, settings);
  provider.place = settings.url;
  provider.settings = std::move(settings);
}

}  // namespace acmed::config
