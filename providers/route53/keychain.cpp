// SPDX-License-Identifier: Apache-2.0
#include "providers/route53/keychain.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/log.h"
#include "providers/route53/container.h"
#include "providers/route53/instance.h"
#include "providers/route53/profile.h"
#include "providers/route53/web_identity.h"

namespace acmed::providers::route53 {
namespace {

using namespace std::chrono_literals;

constexpr Duration refresh_before_end = 5min;
/// Some places hand out what ends sooner than that: it is not asked for anew at every call.
constexpr Duration least_use = 30s;

}  // namespace

Keychain::Keychain(const config::Route53& configured, const Loop& loop, http::Client& http, http::Client& local,
                   const Environment& environment)
    : clock_(loop.clock()),
      sts_(loop, http, configured.sts_url, configured.sts_region),
      role_{configured.role_arn, configured.role_session_name, configured.external_id} {
  if (configured.key) {
    configured_ = configured.key;
    return;
  }
  const auto add = [this](auto place) {
    places_.push_back(std::move(place));
    return places_.back().get();
  };
  auto* keys = add(std::make_unique<EnvironmentKeys>(environment));
  auto* web_identity = add(std::make_unique<WebIdentity>(environment, sts_));
  auto* container = add(std::make_unique<Container>(environment, loop, local));
  auto* instance = add(std::make_unique<Instance>(environment, local));
  auto* profile = add(std::make_unique<ProfileSource>(configured.profile, environment, sts_,
                                                      ProfileSource::Places{*keys, *container, *instance}));
  if (configured.profile.empty()) {
    chain_ = {keys, web_identity, profile, container, instance};
  } else {
    chain_ = {profile};
  }
}

Keychain::~Keychain() = default;

bool Keychain::is_fresh(const Credentials& credentials) const {
  if (!credentials.expires || clock_.now() + refresh_before_end < *credentials.expires) return true;
  return clock_.now() < *credentials.expires && clock_.moment() < found_at_ + least_use;
}

Task<Credentials> Keychain::get() {
  const auto turn = co_await one_search_.acquire();
  // A configured key is at hand, and may have changed in its file.
  if (is_looked_up() && current_ && is_fresh(*current_)) co_return *current_;
  try {
    auto found = co_await find();
    current_ = found;
    found_at_ = clock_.moment();
    co_return found;
  } catch (const Error& error) {
    // What there is will do until its end.
    if (!current_ || !current_->expires || *current_->expires <= clock_.now()) throw;
    found_at_ = clock_.moment();
    log::debug(fmt::format("cannot renew AWS credentials yet: {}", error.what()));
    co_return *current_;
  }
}

void Keychain::expired(const Credentials& used) {
  if (current_ && current_->key_id == used.key_id && current_->session_token == used.session_token) current_.reset();
}

Task<Credentials> Keychain::find() {
  auto found = co_await find_in_chain();
  if (role_.arn.empty()) co_return found;
  co_return co_await sts_.assume(role_, std::move(found));
}

Task<Credentials> Keychain::find_in_chain() {
  if (configured_) {
    Credentials found;
    found.key_id = configured_->id;
    found.secret_key = co_await configured_->secret.current();
    found.session_token = co_await configured_->session_token.current();
    found.origin = "the configuration";
    co_return found;
  }
  std::vector<std::string> looked_at;
  for (auto* place : chain_) {
    auto found = co_await place->find();
    if (found) co_return *std::move(found);
    looked_at.push_back(place->place());
  }
  throw Refused(
      "aws:no-credentials",
      fmt::format("there are no AWS credentials: give `access_key_id` and `secret_access_key`, or put them where "
                  "it looks, which was: {}",
                  fmt::join(looked_at, "; ")));
}

}  // namespace acmed::providers::route53
