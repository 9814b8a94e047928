// SPDX-License-Identifier: Apache-2.0
#include "base/http/network_thread.h"

#include <fmt/format.h>

#include "base/error.h"
#include "base/runtime/thread.h"

namespace acmed::http {

std::shared_ptr<NetworkThread> NetworkThread::shared() {
  static std::weak_ptr<NetworkThread> running;
  auto thread = running.lock();
  if (!thread) {
    thread = std::make_shared<NetworkThread>();
    running = thread;
  }
  return thread;
}

NetworkThread::NetworkThread() {
  try {
    thread_ = thread_without_signals([this] { loop_.run_until(done_); });
  } catch (const std::system_error& error) {
    throw Retry("http:thread", fmt::format("cannot start a thread: {}", error.what()));
  }
}

NetworkThread::~NetworkThread() {
  post([this] { done_ = true; });
  thread_.join();
}

}  // namespace acmed::http
