// SPDX-License-Identifier: Apache-2.0
#include "base/runtime/offload.h"

#include <pthread.h>
#include <signal.h>

#include "base/runtime/scope.h"
#include "base/runtime/sleep.h"
#include "tests/unit/catch.h"

using namespace acmed;
using namespace std::chrono_literals;

namespace {

Task<std::thread::id> thread_of_work() {
  const auto id = co_await offload([] { return std::this_thread::get_id(); });
  co_return id;
}

Task<> throw_on_thread() {
  co_await offload([] { throw Retry("test", "on a thread"); });
}

Task<int> many_jobs(int count) {
  int total = 0;
  for (int i = 0; i < count; ++i) total += co_await offload([] { return 1; });
  co_return total;
}

Task<int> finish_though_called_off(std::stop_source* stop) {
  const auto result = co_await offload([stop] {
    stop->request_stop();
    return 3;
  });
  co_return result;
}

Task<> pause(Duration duration) {
  co_await sleep_for(duration);
}

/// While it lasts, no thread can be started: its stack would be larger than all memory.
class NoThreads {
 public:
  NoThreads() {
    pthread_getattr_default_np(&before_);
    pthread_attr_t huge;
    pthread_attr_init(&huge);
    pthread_attr_setstacksize(&huge, std::size_t{1} << 62);
    pthread_setattr_default_np(&huge);
    pthread_attr_destroy(&huge);
  }
  NoThreads(const NoThreads&) = delete;
  NoThreads& operator=(const NoThreads&) = delete;
  ~NoThreads() { pthread_setattr_default_np(&before_); }

 private:
  pthread_attr_t before_{};
};

Task<bool> worker_takes_signals() {
  const bool takes = co_await offload([] {
    sigset_t blocked;
    pthread_sigmask(SIG_SETMASK, nullptr, &blocked);
    return sigismember(&blocked, SIGTERM) == 0;
  });
  co_return takes;
}

}  // namespace

TEST_CASE("offloaded work runs on another thread and gives its result") {
  Loop loop;
  CHECK(run(loop, thread_of_work()) != std::this_thread::get_id());
}

TEST_CASE("what offloaded work throws comes out of its co_await") {
  Loop loop;
  CHECK_THROWS_AS(run(loop, throw_on_thread()), Retry);
}

TEST_CASE("many jobs side by side all end") {
  Loop loop;
  std::vector<Task<int>> tasks;
  for (int i = 0; i < 20; ++i) tasks.push_back(many_jobs(50));
  CHECK(run(loop, when_all(std::move(tasks))) == std::vector<int>(20, 50));
}

TEST_CASE("work that was begun gives its result, though it was called off meanwhile") {
  Loop loop;
  std::stop_source stop;
  CHECK(run(loop, finish_though_called_off(&stop), stop.get_token()) == 3);
}

TEST_CASE("a test's clock stands still while a thread works") {
  VirtualClock clock(Time{});
  Loop loop(clock);
  CHECK(run(loop, within(1s, many_jobs(100))) == 100);
  CHECK(clock.moment() == Moment());
}

TEST_CASE("signals are not delivered to workers") {
  Loop loop;
  CHECK_FALSE(run(loop, worker_takes_signals()));
}

SCENARIO("a host that has no more threads") {
  VirtualClock clock(Time{});
  Loop loop(clock);
  WHEN("there is not one") {
    sigset_t before;
    pthread_sigmask(SIG_SETMASK, nullptr, &before);
    {
      const NoThreads none;
      CHECK_THROWS_AS(run(loop, thread_of_work()), Retry);
    }
    THEN("signals come through as before, and time goes on") {
      sigset_t after;
      pthread_sigmask(SIG_SETMASK, nullptr, &after);
      CHECK(sigismember(&after, SIGTERM) == sigismember(&before, SIGTERM));
      run(loop, pause(1h));
      CHECK(clock.moment() == Moment() + 1h);
    }
    THEN("later work is done as soon as there is one") {
      CHECK(run(loop, many_jobs(3)) == 3);
    }
  }
  WHEN("there are a few") {
    run(loop, thread_of_work());
    const NoThreads none;
    std::vector<Task<int>> tasks;
    for (int i = 0; i < 20; ++i) tasks.push_back(many_jobs(50));
    THEN("they do all the work") {
      CHECK(run(loop, when_all(std::move(tasks))) == std::vector<int>(20, 50));
    }
  }
}
