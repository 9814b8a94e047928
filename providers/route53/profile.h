// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "providers/route53/profile_files.h"
#include "providers/route53/sts.h"

namespace acmed::providers::route53 {

/// A profile of ~/.aws/credentials and ~/.aws/config: keys, a program that prints some, or a role that is taken on by
/// another profile or place.
class ProfileSource final : public Source {
 public:
  /// The places to which `credential_source` may point.
  struct Places {
    Source& environment;
    Source& container;
    Source& instance;
  };

  /// `name`: that of the profile; empty for AWS_PROFILE, else "default". What a profile names must be there, what the
  /// default is need not be. `sts` and `places` must outlive this.
  ProfileSource(std::string name, Environment environment, Sts& sts, Places places)
      : name_(std::move(name)), environment_(std::move(environment)), sts_(sts), places_(places) {}

  Task<std::optional<Credentials>> find() override;
  std::string place() const override;

 private:
  /// The profiles that lead to the one in hand: each is taken on by the next.
  using Way = std::vector<std::string>;

  std::string wanted() const;
  bool is_named() const;
  Task<Credentials> from_profile(Profiles profiles, std::string name, Way way);
  Task<Credentials> from_place(std::string source, std::string name);
  Task<Credentials> base_of(Profiles profiles, std::string name, Way way);

  Task<std::optional<Credentials>> own_of(Profiles profiles, std::string name);

  std::string name_;
  Environment environment_;
  std::vector<std::string> unreadable_;  ///< files, when they were looked at last
  Sts& sts_;
  Places places_;
};

}  // namespace acmed::providers::route53
