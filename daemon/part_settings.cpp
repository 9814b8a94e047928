// SPDX-License-Identifier: Apache-2.0
#include "daemon/part_settings.h"

namespace acmed {
namespace {

std::vector<dns::Endpoint> endpoints(const std::vector<std::string>& texts) {
  std::vector<dns::Endpoint> result;
  for (const auto& text : texts) {
    if (const auto endpoint = dns::Endpoint::parse(text)) result.push_back(*endpoint);
  }
  return result;
}

std::vector<dns::Exclusion> exclusions(const std::vector<std::string>& texts) {
  std::vector<dns::Exclusion> result;
  for (const auto& text : texts) {
    if (auto exclusion = dns::Exclusion::parse(text)) result.push_back(*std::move(exclusion));
  }
  return result;
}

dns::Require require_of(config::Propagation::Require require) {
  switch (require) {
    case config::Propagation::Require::quorum:
      return dns::Require::quorum;
    case config::Propagation::Require::none:
      return dns::Require::none;
    case config::Propagation::Require::all:
      break;
  }
  return dns::Require::all;
}

std::optional<renew::Limit> limit_of(const std::optional<config::Limit>& own,
                                     const std::optional<renew::Limit>& known) {
  return own ? renew::Limit{own->most, own->window} : known;
}

}  // namespace

dns::PropagationPolicy policy_of(const config::Propagation& propagation) {
  dns::PropagationPolicy policy;
  policy.timeout = propagation.timeout.value_or(policy.timeout);
  policy.settle = propagation.settle.value_or(policy.settle);
  policy.interval_max = propagation.interval_max.value_or(policy.interval_max);
  if (propagation.require) policy.require = require_of(*propagation.require);
  if (propagation.exclude) policy.exclude = exclusions(*propagation.exclude);
  if (propagation.extra) policy.extra = endpoints(*propagation.extra);
  return policy;
}

dns::Resolvers resolvers_of(const config::Config& config) {
  return config.resolvers.empty() ? dns::Resolvers::of_system() : dns::Resolvers(endpoints(config.resolvers));
}

issue::AuthoritySettings authority_settings(const config::Ca& ca) {
  acme::NewAccount account{ca.contact, ca.terms_agreed, std::nullopt};
  if (ca.external_account) {
    account.external_account = acme::ExternalAccountBinding{ca.external_account->key_id, ca.external_account->hmac_key};
  }
  return {ca.name,        ca.directory, ca.trust_pem,        std::move(account),
          ca.account_key, ca.profile,   ca.profile_required, ca.preferred_chain,
          ca.concurrency, ca.hosts,     ca.has_common_name,  ca.brought_key,
          ca.account};
}

std::map<std::string, renew::PublishedLimits> configured_limits(const config::Config& config) {
  std::map<std::string, renew::PublishedLimits> all;
  for (const auto& [name, ca] : config.cas) {
    const auto& own = ca.limits;
    if (own == config::CaLimits()) continue;
    auto known = renew::published_limits(ca.directory);
    if (known.ca.empty()) known.ca = "CA " + name;
    known.orders = limit_of(own.orders, known.orders);
    known.same_names = limit_of(own.same_names, known.same_names);
    known.domain = limit_of(own.domain, known.domain);
    known.failures = limit_of(own.failures, known.failures);
    all.emplace(ca.directory, std::move(known));
  }
  return all;
}

}  // namespace acmed
