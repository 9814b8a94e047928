// SPDX-License-Identifier: Apache-2.0
#include "providers/registry.h"

#include "providers/rfc2136.h"
#include "providers/route53/route53.h"

namespace acmed::providers {
namespace {

struct Maker {
  const config::Provider& configured;
  Loop& loop;
  dns::Discovery& discovery;

  std::unique_ptr<Provider> operator()(const config::Rfc2136& settings) const {
    return std::make_unique<Rfc2136>(configured.name, settings, loop, discovery);
  }
  std::unique_ptr<Provider> operator()(const config::Route53& settings) const {
    return std::make_unique<route53::Route53>(configured, settings, loop, discovery);
  }
};

}  // namespace

std::unique_ptr<Provider> make_provider(const config::Provider& configured, Loop& loop, dns::Discovery& discovery) {
  return std::visit(Maker{configured, loop, discovery}, configured.settings);
}

}  // namespace acmed::providers
