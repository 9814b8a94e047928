// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <systemd/sd-bus.h>

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/fd.h"
#include "base/runtime/loop.h"

namespace acmed::test {

/// systemd's Manager, and the D-Bus in front of it, as far as acmed speaks to them: on a socket of its own, in the
/// test's own loop. While it lives, it is the system's bus.
class FakeManager {
 public:
  FakeManager(Loop& loop, const std::filesystem::path& socket);
  FakeManager(const FakeManager&) = delete;
  FakeManager& operator=(const FakeManager&) = delete;
  ~FakeManager();

  std::vector<std::string> calls;  ///< "ReloadOrTryRestartUnit nginx.service replace"
  /// How a job ends; empty: it does not.
  std::string result = "done";
  std::string error;             ///< D-Bus's name of the error that calls are answered with; empty for none
  bool tells_end_first = false;  ///< the job's end comes before the reply that names the job
  bool hangs_up = false;         ///< instead of an answer
  /// Does it, by D-Bus's name of the method and the unit's; returns `result`. None: nothing is done.
  std::function<std::string(const std::string& method, const std::string& unit)> perform;

 private:
  static int on_connection(sd_event_source* source, int socket, std::uint32_t events, void* self) noexcept;
  static int on_message(sd_bus_message* message, void* self, sd_bus_error* error) noexcept;
  int answer(sd_bus_message* message);
  int tell_end(sd_bus* bus, const char* unit);

  Loop& loop_;
  std::filesystem::path path_;
  Fd listener_;
  EventSource source_;
  std::vector<sd_bus*> connections_;
};

}  // namespace acmed::test
