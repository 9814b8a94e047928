// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <vector>

#include "base/runtime/event.h"
#include "config/provider_settings.h"
#include "providers/route53/environment.h"
#include "providers/route53/sts.h"

namespace acmed::providers::route53 {

/// Has credentials at hand that are good for a while: from the configuration, else from the first place of AWS' usual
/// chain that has some, and in a role when the configuration names one.
class Keychain {
 public:
  /// `http` for STS, `local` for what is asked without a proxy; both must outlive this.
  Keychain(const config::Route53& configured, const Loop& loop, http::Client& http, http::Client& local,
           const Environment& environment);
  ~Keychain();

  /// Throws Refused with all that was looked at when there are none; Error when they cannot be got.
  Task<Credentials> get();

  /// AWS takes `used` no longer: the next get() looks for others.
  void expired(const Credentials& used);

  /// Forgets all: files may have changed.
  void forget() { current_.reset(); }

 private:
  bool is_fresh(const Credentials& credentials) const;
  Task<Credentials> find();
  Task<Credentials> find_in_chain();
  bool is_looked_up() const { return !configured_ || !role_.arn.empty(); }

  const Clock& clock_;
  Sts sts_;
  Role role_;  ///< without an ARN when there is none to be taken on
  std::optional<config::AwsKey> configured_;
  std::vector<std::unique_ptr<Source>> places_;
  std::vector<Source*> chain_;
  Semaphore one_search_{1};
  std::optional<Credentials> current_;
  Moment found_at_{};
};

}  // namespace acmed::providers::route53
