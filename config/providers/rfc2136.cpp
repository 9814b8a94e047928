// SPDX-License-Identifier: Apache-2.0
#include "config/providers/rfc2136.h"

#include "config/addresses.h"
#include "config/names.h"
#include "config/providers/tsig.h"

namespace acmed::config {

void read_rfc2136(Reader& reader, Provider& provider) {
  Rfc2136 settings;
  reader.required("server", "the primary server that takes the updates, \"ns1.example.com\"");
  settings.server = reader.checked("server", server).value_or("");
  settings.tsig = read_tsig(reader);
  settings.zone = reader.checked("zone", zone_name).value_or("");
  provider.place = settings.server;
  provider.settings = std::move(settings);
}

}  // namespace acmed::config
