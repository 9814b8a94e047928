// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/runtime/task.h"
#include "base/secret.h"
#include "providers/route53/environment.h"

/// The files in which the tools of AWS keep their settings, a section a profile.
namespace acmed::providers::route53 {

/// The settings of one profile; any may be secret.
class Profile {
 public:
  void set(const std::string& key, Secret value) { values_[key] = std::move(value); }
  /// Adds what this has not.
  void complete(const Profile& other) { values_.insert(other.values_.begin(), other.values_.end()); }

  bool has(const std::string& key) const { return values_.contains(key); }
  bool has_keys() const { return has("aws_access_key_id") && has("aws_secret_access_key"); }
  const Secret& secret(const std::string& key) const;
  /// Of what is no secret; empty when it is not set.
  const std::string& text(const std::string& key) const { return secret(key).reveal(); }

 private:
  std::map<std::string, Secret> values_;
};

struct Profiles {
  std::map<std::string, Profile> by_name{};
  std::set<std::string> with_keys_in_credentials{};  ///< names of those whose keys stand in the credentials file
  std::vector<std::string> unreadable{};             ///< why a file could not be read, a sentence each
};

enum class ProfileFile {
  credentials,  ///< [NAME]
  config        ///< [profile NAME], [default]
};

/// Reads such a file. What it does not understand it passes over, as the tools do.
std::map<std::string, Profile> parse_profiles(std::string_view text, ProfileFile kind);

/// Where the two files are.
struct ProfilePaths {
  std::string credentials;  ///< AWS_SHARED_CREDENTIALS_FILE, else ~/.aws/credentials; empty without a home
  std::string config;       ///< AWS_CONFIG_FILE, else ~/.aws/config
};
ProfilePaths profile_paths(const Environment& environment);

/// All profiles of both files; for a key that is in both, that of the credentials file counts. A file that does not
/// exist is as one without profiles.
Task<Profiles> read_profiles(ProfilePaths paths);

}  // namespace acmed::providers::route53
