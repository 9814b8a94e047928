// SPDX-License-Identifier: Apache-2.0
#include "base/shared_work.h"

#include <atomic>
#include <stdexcept>
#include <thread>
#include <vector>

#include "tests/unit/catch.h"

namespace acmed {
namespace {

constexpr const char* subject = "folder";

/// The first run lasts until three more threads want another one, which then sees what all of them did.
struct Crowd {
  SharedWork shared;
  std::atomic<int> done = 0;  ///< what the threads did before they asked
  std::atomic<int> seen = 0;  ///< by the last run
  std::atomic<int> runs = 0;
  bool fails = false;

  void work() {
    const int before = done;
    if (++runs == 1) {
      while (shared.users(subject) < 4) std::this_thread::yield();
    } else if (fails) {
      throw std::runtime_error("the disk is full");
    }
    seen = before;
  }

  /// How many of the four threads met a failure, and how many were told of work that did not cover theirs.
  std::pair<int, int> come() {
    std::atomic<int> failures = 0;
    std::atomic<int> uncovered = 0;
    const auto ask = [&] {
      const int own = ++done;
      try {
        shared.run_once_more(subject, [this] { work(); });
        if (seen < own) ++uncovered;
      } catch (const std::runtime_error&) {
        ++failures;
      }
    };
    std::vector<std::thread> threads;
    threads.emplace_back(ask);
    while (runs == 0) std::this_thread::yield();
    for (int i = 0; i < 3; ++i) threads.emplace_back(ask);
    for (auto& thread : threads) thread.join();
    return {failures, uncovered};
  }
};

SCENARIO("threads that want the same work share one run, which begins after what each has done") {
  Crowd crowd;
  const auto [failures, uncovered] = crowd.come();
  CHECK(failures == 0);
  CHECK(uncovered == 0);
  CHECK(crowd.runs == 2);
  CHECK(crowd.shared.users(subject) == 0);
}

SCENARIO("the failure of a shared run is everybody's who shared it") {
  Crowd crowd;
  crowd.fails = true;
  CHECK(crowd.come().first == 3);
  CHECK(crowd.runs == 2);
}

SCENARIO("work for one subject does not wait for that of another") {
  SharedWork shared;
  int runs = 0;
  shared.run_once_more("a", [&] { shared.run_once_more("b", [&runs] { ++runs; }); });
  CHECK(runs == 1);
}

}  // namespace
}  // namespace acmed
