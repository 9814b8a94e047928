// SPDX-License-Identifier: Apache-2.0
#include "daemon/deploy/facts.h"

#include <fmt/format.h>

#include "base/json.h"
#include "base/time.h"

namespace acmed::deploy {
namespace {

std::string path_of(config::FileKind kind, const char* live_name, const config::Target& target,
                    const Generation& generation) {
  const auto file = target.files.find(kind);
  if (!target.directory || file == target.files.end()) return (generation.live / live_name).string();
  return (*target.directory / file->second).string();
}

}  // namespace

Facts facts_for(const config::Target& target, const Generation& generation, const std::string& event) {
  const auto fullchain = path_of(config::FileKind::fullchain, "fullchain.pem", target, generation);
  const auto privkey = path_of(config::FileKind::privkey, "privkey.pem", target, generation);
  const auto not_after = to_rfc3339(generation.meta.not_after);
  std::string domains;
  json::Array domain_list;
  for (const auto& domain : generation.meta.domains) {
    domains += (domains.empty() ? "" : " ") + domain;
    domain_list.emplace_back(domain);
  }
  Facts facts;
  facts.environment = {
      "ACMED_NAME=" + generation.certificate,
      "ACMED_DOMAINS=" + domains,
      "ACMED_LIVE_DIR=" + generation.live.string(),
      "ACMED_FULLCHAIN=" + fullchain,
      "ACMED_PRIVKEY=" + privkey,
      "ACMED_EVENT=" + event,
      "ACMED_SERIAL=" + generation.meta.serial,
      "ACMED_NOT_AFTER=" + not_after,
      "ACMED_TARGET=" + target.name,
  };
  facts.json = json::dump(json::Object{
      {"name", generation.certificate},
      {"domains", domain_list},
      {"live_dir", generation.live.string()},
      {"fullchain", fullchain},
      {"privkey", privkey},
      {"event", event},
      {"serial", generation.meta.serial},
      {"not_after", not_after},
      {"target", target.name},
  });
  return facts;
}

}  // namespace acmed::deploy
