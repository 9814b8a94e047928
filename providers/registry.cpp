// SPDX-License-Identifier: Apache-2.0
#include "providers/registry.h"

#include "providers/acme_dns/acme_dns.h"
#include "providers/cloudflare/cloudflare.h"
#include "providers/exec/exec.h"
#include "providers/lego/exec.h"
#include "providers/lego/httpreq.h"
#include "providers/named.h"
#include "providers/powerdns/powerdns.h"
#include "providers/rfc2136/rfc2136.h"
#include "providers/route53/route53.h"

namespace acmed::providers {
namespace {

struct Maker {
  const config::Provider& configured;
  Loop& loop;
  dns::Discovery& discovery;
  NameServers* servers;
  Memory* memory;

  std::unique_ptr<Provider> operator()(const config::AcmeDns& settings) const {
    if (memory == nullptr) throw Refused("provider:memory", "there is nowhere to keep the accounts at acme-dns");
    return std::make_unique<AcmeDns>(configured, settings, loop, *memory);
  }
  std::unique_ptr<Provider> operator()(const config::Cloudflare& settings) const {
    return std::make_unique<Cloudflare>(configured.name, configured.zones, settings, loop);
  }

  std::unique_ptr<Provider> operator()(const config::Exec& settings) const {
    return std::make_unique<Exec>(configured, settings, loop);
  }
  std::unique_ptr<Provider> operator()(const config::LegoExec& settings) const {
    return std::make_unique<LegoExec>(configured, settings, discovery);
  }
  std::unique_ptr<Provider> operator()(const config::LegoHttpreq& settings) const {
    return std::make_unique<LegoHttpreq>(configured, settings, loop, discovery);
  }
  std::unique_ptr<Provider> operator()(const config::PowerDns& settings) const {
    return std::make_unique<PowerDns>(configured.name, configured.zones, settings, loop);
  }
  std::unique_ptr<Provider> operator()(const config::Responder& settings) const {
    NameServers of_its_own;
    return std::make_unique<Responder>(configured, settings, loop, servers != nullptr ? *servers : of_its_own);
  }
  std::unique_ptr<Provider> operator()(const config::Rfc2136& settings) const {
    return std::make_unique<Rfc2136>(configured.name, settings, loop, discovery, dns::Name(configured.zones.front()));
  }
  std::unique_ptr<Provider> operator()(const config::Route53& settings) const {
    return std::make_unique<route53::Route53>(configured, settings, loop, discovery);
  }
};

}  // namespace

std::unique_ptr<Provider> make_provider(const config::Provider& configured, Loop& loop, dns::Discovery& discovery,
                                        NameServers* servers, Memory* memory) {
  return std::make_unique<Named>(configured.name,
                                 std::visit(Maker{configured, loop, discovery, servers, memory}, configured.settings));
}

}  // namespace acmed::providers
