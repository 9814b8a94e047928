// SPDX-License-Identifier: Apache-2.0
// Private to base/http.
#pragma once

#include <memory>
#include <thread>

#include "base/runtime/loop.h"

namespace acmed::http {

/// The thread on which curl works for all clients of this process, with an event loop of its own. curl reads for as
/// long as a server sends; on the main loop's thread any server that we ask could keep everything else waiting.
class NetworkThread {
 public:
  /// The one that runs, or else a new one. It ends with its last owner. Call on the main loop's thread. Throws Retry
  /// ("http:thread") when the host has no thread for it.
  static std::shared_ptr<NetworkThread> shared();

  NetworkThread();
  NetworkThread(const NetworkThread&) = delete;
  NetworkThread& operator=(const NetworkThread&) = delete;
  /// Waits until the calls that were posted before are done.
  ~NetworkThread();

  /// Runs `call`, which must not throw, on the thread, after those that were posted before.
  void post(std::function<void()> call) { loop_.post_from_thread(std::move(call)); }

  /// For use on the thread.
  Loop& loop() noexcept { return loop_; }

 private:
  Loop loop_;
  bool done_ = false;
  std::thread thread_;
};

}  // namespace acmed::http
