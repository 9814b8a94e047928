// SPDX-License-Identifier: Apache-2.0
#include "providers/route53/profile.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "providers/route53/web_identity.h"

namespace acmed::providers::route53 {
namespace {

constexpr std::size_t longest_way = 8;
/// What people use and acmed does not do; each would need a program or a browser.
constexpr std::array<const char*, 4> unsupported = {"credential_process", "sso_session", "sso_start_url", "mfa_serial"};

bool has_keys(const Profile& profile) {
  return profile.has("aws_access_key_id") && profile.has("aws_secret_access_key");
}

Credentials keys_of(const Profile& profile, const std::string& name) {
  return {profile.text("aws_access_key_id"), profile.secret("aws_secret_access_key"),
          profile.secret("aws_session_token"), std::nullopt, "profile " + name};
}

Role role_of(const Profile& profile) {
  return {profile.text("role_arn"), profile.text("role_session_name"), profile.text("external_id")};
}

[[noreturn]] void refuse(const std::string& name, const std::string& what) {
  throw Refused("aws:credentials", fmt::format("the AWS profile {} {}", name, what));
}

}  // namespace

std::string ProfileSource::wanted() const {
  if (!name_.empty()) return name_;
  const auto named = environment_("AWS_PROFILE");
  return named.empty() ? "default" : named;
}

bool ProfileSource::is_named() const {
  return !name_.empty() || !environment_("AWS_PROFILE").empty();
}

std::string ProfileSource::place() const {
  const auto paths = profile_paths(environment_);
  if (paths.credentials.empty() && paths.config.empty()) return "profile files (without HOME there are none)";
  return fmt::format("profile {} in {} and {}", wanted(), paths.credentials, paths.config);
}

Task<std::optional<Credentials>> ProfileSource::find() {
  const auto name = wanted();
  const auto profiles = co_await read_profiles(profile_paths(environment_));
  if (!profiles.contains(name)) {
    if (is_named()) refuse(name, fmt::format("is not to be found: looked at {}", place()));
    co_return std::nullopt;
  }
  const auto& profile = profiles.at(name);
  const bool says_nothing = !has_keys(profile) && !profile.has("role_arn") &&
                            std::ranges::none_of(unsupported, [&](const char* key) { return profile.has(key); });
  if (says_nothing && !is_named()) co_return std::nullopt;  // a region, say
  co_return co_await from_profile(profiles, name, {});
}

Task<Credentials> ProfileSource::from_profile(Profiles profiles, std::string name, Way way) {
  const auto found = profiles.find(name);
  if (found == profiles.end()) refuse(way.back(), fmt::format("names the profile {}, which is not to be found", name));
  const auto& profile = found->second;
  for (const char* key : unsupported) {
    if (profile.has(key)) refuse(name, fmt::format("has {}, which acmed does not do", key));
  }
  // A profile may have both and be its own source: then its keys take on its role.
  const bool is_own_source = !way.empty() && way.back() == name;
  if (!profile.has("role_arn") || is_own_source) {
    if (!has_keys(profile)) refuse(name, "has neither aws_access_key_id and aws_secret_access_key nor role_arn");
    co_return keys_of(profile, name);
  }
  if (std::ranges::find(way, name) != way.end() || way.size() >= longest_way) {
    refuse(name, "is its own source_profile by way of others");
  }
  if (profile.has("web_identity_token_file")) {
    co_return co_await by_web_identity(&sts_, role_of(profile), profile.text("web_identity_token_file"));
  }
  way.push_back(name);
  auto base = co_await base_of(profiles, name, std::move(way));
  co_return co_await sts_.assume(role_of(profile), std::move(base));
}

Task<Credentials> ProfileSource::base_of(Profiles profiles, std::string name, Way way) {
  const auto& profile = profiles.at(name);
  const auto& source = profile.text("source_profile");
  const auto& place = profile.text("credential_source");
  if (source.empty() == place.empty()) {
    refuse(name, "has role_arn: give it one of source_profile, credential_source and web_identity_token_file");
  }
  if (!source.empty()) co_return co_await from_profile(profiles, source, std::move(way));
  co_return co_await from_place(place, name);
}

Task<Credentials> ProfileSource::from_place(std::string source, std::string name) {
  Source* place = nullptr;
  if (source == "Environment") place = &places_.environment;
  if (source == "EcsContainer") place = &places_.container;
  if (source == "Ec2InstanceMetadata") place = &places_.instance;
  if (place == nullptr) {
    refuse(name, "has a credential_source that is none of Environment, EcsContainer and Ec2InstanceMetadata");
  }
  auto found = co_await place->find();
  if (!found) refuse(name, fmt::format("has credential_source = {}, and nothing is there: {}", source, place->place()));
  co_return *std::move(found);
}

}  // namespace acmed::providers::route53
