// SPDX-License-Identifier: Apache-2.0
#include "providers/named.h"

#include "base/runtime/in_context.h"

namespace acmed::providers {

Named::Named(const std::string& name, std::unique_ptr<Provider> provider)
    : context_("provider " + name), provider_(std::move(provider)) {}

Task<std::optional<Zone>> Named::zone_of(dns::Name name) {
  return in_context(Party::dns_operator, context_, provider_->zone_of(std::move(name)));
}

Task<std::optional<Zone>> Named::zone_for(dns::Name name, dns::Name in_dns) {
  return in_context(Party::dns_operator, context_, provider_->zone_for(std::move(name), std::move(in_dns)));
}

Task<std::set<dns::Name>> Named::name_servers(Zone zone) {
  return in_context(Party::dns_operator, context_, provider_->name_servers(std::move(zone)));
}

Task<> Named::apply(Zone zone, std::vector<TxtChange> changes) {
  return in_context(Party::dns_operator, context_, provider_->apply(std::move(zone), std::move(changes)));
}

Task<> Named::await_published(Zone zone) {
  return in_context(Party::dns_operator, context_, provider_->await_published(std::move(zone)));
}

Task<std::optional<std::string>> Named::check_credentials() {
  auto warning = co_await in_context(Party::dns_operator, context_, provider_->check_credentials());
  if (warning) warning = context_ + ": " + *warning;
  co_return warning;
}

void Named::check_ready() {
  try {
    provider_->check_ready();
  } catch (const Error& error) {
    std::rethrow_exception(error.in_context(Party::host, context_));
  }
}

}  // namespace acmed::providers
