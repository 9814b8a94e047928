// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <list>

#include "base/runtime/loop.h"

namespace acmed {

/// Calls a function on the loop when a signal arrives. The signal must be blocked in all threads.
class Signals {
 public:
  explicit Signals(Loop& loop) : loop_(loop) {}

  /// Blocks the signals that will be handled; call before any thread is started.
  static void block(std::initializer_list<int> signals);

  void on(int signal, std::function<void()> call);

 private:
  struct Handler {
    std::function<void()> call;
    EventSource source;
  };

  Loop& loop_;
  std::list<Handler> handlers_;
};

}  // namespace acmed
