// SPDX-License-Identifier: Apache-2.0
#include "base/runtime/scope.h"

#include <cstdio>
#include <cstdlib>

namespace acmed {

Scope::Scope(const Context& context) : outer_(context), on_outer_stop_(context.stop, OnStop{this}) {}

Scope::~Scope() {
  if (running_ > 0) {
    std::fputs("acmed: a Scope ended before its children: this is a defect of the program\n", stderr);
    std::abort();
  }
}

void Scope::spawn(Task<> task) {
  auto carrier = carry(this, std::move(task));
  carrier.handle.promise().context = {outer_.loop, stop_.get_token()};
  ++running_;
  outer_.loop->post(carrier.handle);
}

Scope::Carrier Scope::carry(Scope* scope, Task<> task) {
  std::exception_ptr failure;
  {
    // The child's frame and arguments end before the scope hears of it.
    Task<> child = std::move(task);
    try {
      co_await std::move(child);
    } catch (...) {
      failure = std::current_exception();
    }
  }
  scope->child_ended(failure);
}

void Scope::child_ended(const std::exception_ptr& failure) noexcept {
  if (failure && !first_failure_) {
    first_failure_ = failure;
    stop();
  }
  if (--running_ == 0) joining_.wake_all();
}

Task<> Scope::join() {
  const auto wait_for_children = [](Scope* scope) -> Task<> {
    while (scope->running_ > 0) co_await scope->joining_.turn();
  };
  // The children are cancelled by their own token; the wait for them is not.
  co_await wait_for_children(this).under(std::stop_token());
  if (outer_.stop.stop_requested()) throw Cancelled();
  if (first_failure_) std::rethrow_exception(std::exchange(first_failure_, nullptr));
}

Task<> when_all(std::vector<Task<>> tasks) {
  Scope scope(co_await context());
  for (auto& task : tasks) scope.spawn(std::move(task));
  co_await scope.join();
}

Task<bool> within(Duration limit, Task<> task) {
  const auto here = co_await context();
  std::stop_source stop;
  const auto forward = [&stop]() noexcept { stop.request_stop(); };
  const std::stop_callback on_outer_stop(here.stop, forward);
  bool timed_out = false;
  Loop::Timer timer;
  here.loop->set_timer(timer, here.loop->clock().moment() + limit, [&] {
    timed_out = true;
    stop.request_stop();
  });
  try {
    co_await std::move(task).under(stop.get_token());
  } catch (const Cancelled&) {
    if (!timed_out || here.stop.stop_requested()) throw;
    co_return false;
  }
  co_return true;
}

namespace {

Task<> until_ended(Task<> companion, const bool* ended) {
  try {
    co_await std::move(companion);
  } catch (const Cancelled&) {
    if (!*ended) throw;
  }
}

Task<> end_with(Task<> task, Scope* scope, bool* ended) {
  co_await std::move(task);
  *ended = true;
  scope->stop();
}

}  // namespace

Task<> accompanied(Task<> task, Task<> companion) {
  bool ended = false;
  Scope scope(co_await context());
  scope.spawn(until_ended(std::move(companion), &ended));
  scope.spawn(end_with(std::move(task), &scope, &ended));
  co_await scope.join();
}

Task<> with_grace(Duration grace, Task<> task) {
  const auto here = co_await context();
  std::stop_source stop;
  Loop::Timer timer;
  const auto start_timer = [&]() noexcept {
    here.loop->set_timer(timer, here.loop->clock().moment() + grace, [&stop] { stop.request_stop(); });
  };
  const std::stop_callback on_outer_stop(here.stop, start_timer);
  co_await std::move(task).under(stop.get_token());
}

}  // namespace acmed
