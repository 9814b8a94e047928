// SPDX-License-Identifier: Apache-2.0
#include "config/providers/rfc2136.h"

#include "config/addresses.h"
#include "config/providers/tsig.h"

namespace acmed::config {

void read_rfc2136(Reader& reader, Provider& provider) {
  Rfc2136 settings;
  if (reader.node("server") == nullptr) {
    reader.fault("server", "is missing: the primary server that takes the updates, \"ns1.example.com\"");
  }
  if (const auto given = reader.text("server")) {
    auto checked = server(given->value);
    if (!checked.good()) reader.fault(given->place, "server", checked.fault);
    settings.server = std::move(checked.value);
  }
  settings.tsig = read_tsig(reader);
  provider.place = settings.server;
  provider.settings = std::move(settings);
}

}  // namespace acmed::config
