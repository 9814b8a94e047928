// SPDX-License-Identifier: Apache-2.0
#include "base/runtime/event.h"

#include "base/runtime/scope.h"
#include "base/runtime/sleep.h"
#include "tests/unit/catch.h"

using namespace acmed;
using namespace std::chrono_literals;

namespace {

const Time new_year = std::chrono::sys_days(std::chrono::year(2026) / 1 / 1);

Task<> enter(Semaphore* semaphore, std::vector<int>* order, int id, Duration come, Duration stay) {
  co_await sleep_for(come);
  const auto permit = co_await semaphore->acquire();
  order->push_back(id);
  co_await sleep_for(stay);
}

/// Gives its permit back and asks for the next one in the same turn, while others wait.
Task<> enter_again(Semaphore* semaphore, std::vector<int>* order, int id) {
  {
    const auto permit = co_await semaphore->acquire();
    order->push_back(id);
    co_await sleep_for(1s);
  }
  const auto permit = co_await semaphore->acquire();
  order->push_back(id);
}

Task<bool> gives_up(Semaphore* semaphore, Duration limit) {
  const auto permit = co_await within(limit, semaphore->acquire());
  co_return permit.has_value();
}

Task<> wait_for(Event* event, int* woken) {
  co_await event->wait();
  ++*woken;
}

Task<> set_after(Event* event, Duration delay) {
  co_await sleep_for(delay);
  event->set();
}

Task<> wait_turn(Waiters* waiters) {
  co_await waiters->turn();
}

Task<std::size_t> waiting_after_giving_up(Waiters* waiters) {
  co_await within(1s, wait_turn(waiters));
  waiters->wake_one();
  co_return waiters->size();
}

}  // namespace

SCENARIO("a semaphore admits in the order of coming") {
  VirtualClock clock(new_year);
  Loop loop(clock);
  Semaphore semaphore(2);
  std::vector<int> order;
  std::vector<Task<>> tasks;
  for (int i = 0; i < 6; ++i) tasks.push_back(enter(&semaphore, &order, i, i * 1ms, 1s));
  run(loop, when_all(std::move(tasks)));
  CHECK(order == std::vector<int>{0, 1, 2, 3, 4, 5});
  CHECK(clock.moment() >= Moment(3s));  // three rounds of two
}

SCENARIO("who gives a permit back and wants another waits behind those who wait") {
  VirtualClock clock(new_year);
  Loop loop(clock);
  Semaphore semaphore(1);
  std::vector<int> order;
  std::vector<Task<>> tasks;
  tasks.push_back(enter_again(&semaphore, &order, 1));
  tasks.push_back(enter(&semaphore, &order, 2, 1ms, 1s));
  run(loop, when_all(std::move(tasks)));
  CHECK(order == std::vector<int>{1, 2, 1});
}

SCENARIO("who gives up waiting takes no permit with him") {
  VirtualClock clock(new_year);
  Loop loop(clock);
  Semaphore semaphore(1);
  std::vector<int> order;
  {
    const auto permit = run(loop, semaphore.acquire());
    CHECK_FALSE(run(loop, gives_up(&semaphore, 1s)));
  }
  CHECK(run(loop, gives_up(&semaphore, 1s)));
  CHECK(run(loop, gives_up(&semaphore, 1s)));
}

TEST_CASE("an event wakes all who wait, and nobody waits after it") {
  VirtualClock clock(new_year);
  Loop loop(clock);
  Event event;
  int woken = 0;
  std::vector<Task<>> tasks;
  for (int i = 0; i < 3; ++i) tasks.push_back(wait_for(&event, &woken));
  tasks.push_back(set_after(&event, 1s));
  run(loop, when_all(std::move(tasks)));
  CHECK(woken == 3);
  run(loop, wait_for(&event, &woken));
  CHECK(woken == 4);
}

TEST_CASE("who is called off leaves the list of waiters") {
  VirtualClock clock(new_year);
  Loop loop(clock);
  Waiters waiters;
  CHECK(run(loop, waiting_after_giving_up(&waiters)) == 0);
}
