// SPDX-License-Identifier: Apache-2.0
#include "providers/registry.h"

#include "providers/acme_dns.h"
#include "providers/powerdns.h"
#include "providers/rfc2136.h"

namespace acmed::providers {
namespace {

struct Maker {
  const config::Provider& configured;
  Loop& loop;
  dns::Discovery& discovery;
  Memory* memory;

  std::unique_ptr<Provider> operator()(const config::AcmeDns& settings) const {
    if (memory == nullptr) throw Refused("provider:memory", "there is nowhere to keep the accounts at acme-dns");
    return std::make_unique<AcmeDns>(configured, settings, loop, *memory);
  }
  std::unique_ptr<Provider> operator()(const config::PowerDns& settings) const {
    return std::make_unique<PowerDns>(configured.name, settings, loop);
  }
  std::unique_ptr<Provider> operator()(const config::Rfc2136& settings) const {
    return std::make_unique<Rfc2136>(configured.name, settings, loop, discovery);
  }
};

}  // namespace

std::unique_ptr<Provider> make_provider(const config::Provider& configured, Loop& loop, dns::Discovery& discovery,
                                        Memory* memory) {
  return std::visit(Maker{configured, loop, discovery, memory}, configured.settings);
}

}  // namespace acmed::providers
