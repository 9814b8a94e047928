// SPDX-License-Identifier: Apache-2.0
#include "base/runtime/socket.h"

namespace acmed {

bool IoReady::start(Loop& loop) {
  sd_event_source* source = nullptr;
  const auto on_ready = [](sd_event_source* ready, int, std::uint32_t, void* self) noexcept {
    sd_event_source_set_enabled(ready, SD_EVENT_OFF);
    static_cast<IoReady*>(self)->complete();
    return 0;
  };
  check_event(sd_event_add_io(loop.event(), &source, fd_, events_, on_ready, this), "sd_event_add_io");
  source_.reset(source);
  return true;
}

}  // namespace acmed
