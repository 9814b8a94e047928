// SPDX-License-Identifier: Apache-2.0
// Stands in for systemd's Manager on the system's D-Bus: manager SOCKET CALLS [ERROR]
// serves at SOCKET, writes each call of a unit to the file CALLS, and answers with ERROR (D-Bus's name) or "done".
#include <stdio.h>
#include <stdlib.h>

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

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    fputs("usage: manager SOCKET CALLS [ERROR]\n", stderr);
    return EXIT_FAILURE;
  }
  acmed::Loop loop;
  acmed::test::FakeManager manager(loop, argv[1]);
  if (argc > 3) manager.error = argv[3];
  run(loop, serve(&manager, argv[2]));
}
