// SPDX-License-Identifier: Apache-2.0
#include "config/providers/exec.h"

#include "config/providers/external_program.h"

namespace acmed::config {

void read_exec(Reader& reader, Provider& provider) {
  Exec settings{read_external_program(reader)};
  provider.place = place_of(settings.program);
  provider.settings = std::move(settings);
}

}  // namespace acmed::config
