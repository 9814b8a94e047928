// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/epoll.h>

#include "base/runtime/wait.h"

namespace acmed {

/// Completes when the descriptor is ready for `events` (EPOLLIN, EPOLLOUT), or in error. The descriptor must stay open.
class IoReady final : public Wait {
 public:
  IoReady(int fd, std::uint32_t events) : fd_(fd), events_(events) {}
  void await_resume() const { throw_if_cancelled(); }

 private:
  bool start(Loop& loop) override;
  void abandon() noexcept override { source_.reset(); }

  int fd_;
  std::uint32_t events_;
  EventSource source_;
};

inline IoReady readable(int fd) {
  return {fd, EPOLLIN};
}
inline IoReady writable(int fd) {
  return {fd, EPOLLOUT};
}

}  // namespace acmed
