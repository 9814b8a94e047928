// SPDX-License-Identifier: Apache-2.0
// Stands in for systemd's Manager on the system's D-Bus: manager SOCKET CALLS [ERROR | --by SYSTEMCTL]
// serves at SOCKET, writes each call of a unit to the file CALLS, and answers with ERROR (D-Bus's name) or "done"; or
// has SYSTEMCTL do it and answers with what came of it.
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "base/runtime/scope.h"
#include "base/runtime/sleep.h"
#include "tests/unit/deploy/fake_manager.h"

namespace {

acmed::Task<> serve(acmed::test::FakeManager* manager, const char* calls) {
  for (std::size_t written = 0;;) {
    co_await acmed::sleep_for(std::chrono::milliseconds(20));
    for (; written < manager->calls.size(); ++written)
      std::ofstream(calls, std::ios::app) << manager->calls[written] << '\n';
  }
}

std::string perform(const char* systemctl, const std::string& method, const std::string& unit) {
  const char* verb = method == "ReloadOrTryRestartUnit" ? "try-reload-or-restart" : "try-restart";
  const pid_t child = ::fork();
  if (child == 0) {
    ::execlp(systemctl, systemctl, verb, unit.c_str(), nullptr);
    ::_exit(127);
  }
  int status = -1;
  ::waitpid(child, &status, 0);
  return status == 0 ? "done" : "failed";
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    fputs("usage: manager SOCKET CALLS [ERROR | --by SYSTEMCTL]\n", stderr);
    return EXIT_FAILURE;
  }
  acmed::Loop loop;
  acmed::test::FakeManager manager(loop, argv[1]);
  if (argc > 4) {
    manager.perform = [systemctl = argv[4]](const std::string& method, const std::string& unit) {
      return perform(systemctl, method, unit);
    };
  } else if (argc > 3) {
    manager.error = argv[3];
  }
  run(loop, serve(&manager, argv[2]));
}
