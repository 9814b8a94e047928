// SPDX-License-Identifier: Apache-2.0
#include "providers/registry.h"

#include "providers/exec/exec.h"
#include "providers/lego_exec.h"
#include "providers/lego_httpreq.h"
#include "providers/rfc2136.h"

namespace acmed::providers {
namespace {

struct Maker {
  const config::Provider& configured;
  Loop& loop;
  dns::Discovery& discovery;
  NameServers* servers;

  std::unique_ptr<Provider> operator()(const config::Exec& settings) const {
    return std::make_unique<Exec>(configured, settings, loop);
  }
  std::unique_ptr<Provider> operator()(const config::LegoExec& settings) const {
    return std::make_unique<LegoExec>(configured, settings, discovery);
  }
  std::unique_ptr<Provider> operator()(const config::LegoHttpreq& settings) const {
    return std::make_unique<LegoHttpreq>(configured, settings, loop, discovery);
  }
  std::unique_ptr<Provider> operator()(const config::Responder& settings) const {
    NameServers of_its_own;
    return std::make_unique<Responder>(configured, settings, loop, servers != nullptr ? *servers : of_its_own);
  }
  std::unique_ptr<Provider> operator()(const config::Rfc2136& settings) const {
    return std::make_unique<Rfc2136>(configured.name, settings, loop, discovery);
  }
};

}  // namespace

std::unique_ptr<Provider> make_provider(const config::Provider& configured, Loop& loop, dns::Discovery& discovery,
                                        NameServers* servers) {
  return std::visit(Maker{configured, loop, discovery, servers}, configured.settings);
}

}  // namespace acmed::providers
