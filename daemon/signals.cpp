// SPDX-License-Identifier: Apache-2.0
#include "daemon/signals.h"

#include <pthread.h>
#include <signal.h>

namespace acmed {

void Signals::block(std::initializer_list<int> signals) {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : signals) sigaddset(&set, signal);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

void Signals::on(int signal, std::function<void()> call) {
  auto& handler = handlers_.emplace_back(Handler{std::move(call), {}});
  const auto on_signal = [](sd_event_source*, const signalfd_siginfo*, void* self) noexcept {
    static_cast<Handler*>(self)->call();
    return 0;
  };
  sd_event_source* source = nullptr;
  check_event(sd_event_add_signal(loop_.event(), &source, signal, on_signal, &handler), "sd_event_add_signal");
  handler.source.reset(source);
}

}  // namespace acmed
