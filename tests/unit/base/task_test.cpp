// SPDX-License-Identifier: Apache-2.0
#include "base/runtime/task.h"

#include "base/runtime/scope.h"
#include "base/runtime/sleep.h"
#include "tests/unit/base/counted.h"
#include "tests/unit/catch.h"

using namespace acmed;
using test::Counted;

namespace {

Task<int> number(int value) {
  co_return value;
}

Task<int> sum(int a, int b) {
  const auto first = co_await number(a);
  const auto second = co_await number(b);
  co_return first + second;
}

/// How many parts of its work it does until `stop`.
Task<int> work_in_parts(const bool* stop) {
  int parts = 0;
  for (; !*stop && parts < 1000; ++parts) co_await sleep_for(Duration::zero());
  co_return parts;
}

Task<std::unique_ptr<int>> move_only() {
  co_return std::make_unique<int>(7);
}

Task<int> throwing() {
  throw Retry("test", "on purpose");
  co_return 0;
}

Task<std::string> caught() {
  try {
    co_await throwing();
  } catch (const Retry& error) {
    co_return error.what();
  }
  co_return "nothing came";
}

Task<> take(Counted counted) {
  Counted local = counted;
  co_await number(1);
}

Task<> take_and_throw(Counted) {
  co_await throwing();
}

Task<long> count_to(int end) {
  long total = 0;
  for (int i = 0; i < end; ++i) total += co_await number(1);
  co_return total;
}

Task<int> depth(int left) {
  if (left == 0) co_return 0;
  const auto below = co_await depth(left - 1);
  co_return below + 1;
}

Task<> note(std::vector<int>* order, int id) {
  for (int i = 0; i < 3; ++i) {
    order->push_back(id);
    co_await number(0);
  }
}

}  // namespace

TEST_CASE("a task gives what it returns") {
  Loop loop;
  CHECK(run(loop, sum(2, 3)) == 5);
  CHECK(*run(loop, move_only()) == 7);
}

TEST_CASE("what a task throws comes out of its co_await") {
  Loop loop;
  CHECK(run(loop, caught()) == "on purpose");
  CHECK_THROWS_AS(run(loop, throwing()), Retry);
}

TEST_CASE("a task that is never awaited does not run, and frees its arguments") {
  {
    const auto task = take(Counted());
    CHECK(Counted::alive > 0);
  }
  CHECK(Counted::alive == 0);
}

TEST_CASE("arguments and locals end with their task, also when it throws") {
  Loop loop;
  run(loop, take(Counted()));
  CHECK(Counted::alive == 0);
  CHECK_THROWS_AS(run(loop, take_and_throw(Counted())), Retry);
  CHECK(Counted::alive == 0);
}

TEST_CASE("a million awaits of what is ready do not overflow the stack") {
  Loop loop;
  CHECK(run(loop, count_to(1'000'000)) == 1'000'000);
}

TEST_CASE("a hundred thousand tasks deep do not overflow the stack") {
  Loop loop;
  CHECK(run(loop, depth(100'000)) == 100'000);
}

TEST_CASE("tasks side by side take turns") {
  Loop loop;
  std::vector<int> order;
  std::vector<Task<>> tasks;
  tasks.push_back(note(&order, 1));
  tasks.push_back(note(&order, 2));
  run(loop, when_all(std::move(tasks)));
  CHECK(order == std::vector<int>{1, 2, 1, 2, 1, 2});
}

TEST_CASE("long work in parts lets the loop look at its events between any two of them") {
  Loop loop;
  bool stop = false;
  loop.post_from_thread([&stop] { stop = true; });
  CHECK(run(loop, work_in_parts(&stop)) == 1);
}
