// SPDX-License-Identifier: Apache-2.0
#include "providers/route53/profile.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "providers/route53/credential_process.h"
#include "providers/route53/web_identity.h"

namespace acmed::providers::route53 {
namespace {

constexpr std::size_t longest_way = 8;
/// What people use and a daemon cannot do: somebody has to be there with a browser, every few hours.
constexpr std::array<const char*, 3> interactive = {"sso_session", "sso_start_url", "login_session"};
/// What makes a profile one with credentials, besides those.
constexpr std::array<const char*, 4> sources = {"aws_access_key_id", "aws_secret_access_key", "role_arn",
                                                "credential_process"};
constexpr const char* way_out = "give it keys, a role_arn, or a credential_process, such as that of IAM Roles Anywhere";

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
  const auto trouble = unreadable_.empty() ? std::string() : fmt::format(" ({})", fmt::join(unreadable_, "; "));
  return fmt::format("profile {} in {} and {}{}", wanted(), paths.credentials, paths.config, trouble);
}

Task<std::optional<Credentials>> ProfileSource::find() {
  const auto name = wanted();
  const auto profiles = co_await read_profiles(profile_paths(environment_));
  unreadable_ = profiles.unreadable;
  const auto found = profiles.by_name.find(name);
  if (found == profiles.by_name.end()) {
    if (is_named()) refuse(name, fmt::format("is not to be found: looked at {}", place()));
    co_return std::nullopt;
  }
  const auto has = [&](const char* key) { return found->second.has(key); };
  const bool says_something = std::ranges::any_of(sources, has) || std::ranges::any_of(interactive, has);
  if (!says_something && !is_named()) co_return std::nullopt;  // a region, say
  co_return co_await from_profile(profiles, name, {});
}

/// What the profile has without a role, in the order of AWS's command line: keys in the credentials file, a program,
/// keys in the other file.
Task<std::optional<Credentials>> ProfileSource::own_of(Profiles profiles, std::string name) {
  const auto& profile = profiles.by_name.at(name);
  if (profiles.with_keys_in_credentials.contains(name)) co_return keys_of(profile, name);
  if (profile.has("credential_process")) {
    co_return co_await from_credential_process(name, profile.text("credential_process"), environment_);
  }
  if (profile.has_keys()) co_return keys_of(profile, name);
  co_return std::nullopt;
}

Task<Credentials> ProfileSource::from_profile(Profiles profiles, std::string name, Way way) {
  const auto found = profiles.by_name.find(name);
  if (found == profiles.by_name.end()) {
    refuse(way.back(), fmt::format("names the profile {}, which is not to be found: looked at {}", name, place()));
  }
  const auto& profile = found->second;
  // A profile may have both and be its own source: then its keys take on its role.
  const bool is_own_source = !way.empty() && way.back() == name;
  if (!profile.has("role_arn") || is_own_source) {
    auto own = co_await own_of(profiles, name);
    if (own) co_return *std::move(own);
    for (const char* key : interactive) {
      if (profile.has(key)) {
        refuse(name, fmt::format("has {}, which takes a person with a browser: {}", key, way_out));
      }
    }
    refuse(name, fmt::format("has neither aws_access_key_id and aws_secret_access_key nor role_arn nor "
                             "credential_process: looked at {}",
                             place()));
  }
  if (profile.has("mfa_serial")) {
    refuse(name, "has mfa_serial: its role wants the code of a device that a person holds; name a role that does not");
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
  const auto& profile = profiles.by_name.at(name);
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
