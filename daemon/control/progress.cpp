// SPDX-License-Identifier: Apache-2.0
#include "daemon/control/progress.h"

#include <algorithm>

namespace acmed::control {

void Progress::enter(const std::string& certificate, std::string_view step) {
  auto& work = work_[certificate];
  work.step = step;
  work.since = clock_.now();
  work.servers.clear();
}

void Progress::looked(const std::string& certificate, const std::vector<dns::ServerReport>& servers) {
  const auto found = work_.find(certificate);
  if (found == work_.end()) return;
  std::vector<Look> looks;
  for (const auto& report : servers) {
    Look look{report.server.text(), report.name.text(), report.last_answer, report.ready, clock_.now()};
    if (!report.beside.empty()) look.says += ", beside " + report.beside;
    const auto before = std::ranges::find_if(found->second.servers, [&look](const Look& each) {
      return each.server == look.server && each.name == look.name && each.says == look.says;
    });
    if (before != found->second.servers.end()) look.since = before->since;
    looks.push_back(std::move(look));
  }
  found->second.servers = std::move(looks);
}

json::Value Progress::work_of(const std::string& certificate) const {
  const auto found = work_.find(certificate);
  if (found == work_.end()) return {};
  const auto& work = found->second;
  json::Array servers;
  for (const auto& look : work.servers) {
    servers.push_back(json::Object{{"server", look.server},
                                   {"name", look.name},
                                   {"says", look.says},
                                   {"ready", look.ready},
                                   {"since", to_rfc3339(look.since)},
                                   {"for", to_text(clock_.now() - look.since)}});
  }
  return json::Object{{"step", work.step}, {"since", to_rfc3339(work.since)}, {"servers", std::move(servers)}};
}

}  // namespace acmed::control
