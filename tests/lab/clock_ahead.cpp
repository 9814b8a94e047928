// SPDX-License-Identifier: Apache-2.0
// Preloaded into a process, puts its calendar ahead by ACMED_TEST_CLOCK_AHEAD seconds, until there is a file at
// ACMED_TEST_CLOCK_RIGHT, if that is set: then the clock is set right, and a timer that is to be canceled by that hears
// of it. It asks the kernel itself: a library that looks up the real functions first upsets a sanitizer, which reads
// the clock while it starts.
#include <fcntl.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>

namespace {

int calendar_timer = -1;

const char* file_when_right() {
  return std::getenv("ACMED_TEST_CLOCK_RIGHT");
}

bool is_right() {
  const char* file = file_when_right();
  return file != nullptr && syscall(SYS_access, file, F_OK) == 0;
}

time_t ahead() {
  const char* seconds = std::getenv("ACMED_TEST_CLOCK_AHEAD");
  return seconds != nullptr && !is_right() ? std::atol(seconds) : 0;
}

void* tell_when_right(void*) {
  const timespec pause{.tv_sec = 0, .tv_nsec = 20'000'000};
  while (!is_right()) nanosleep(&pause, nullptr);
  const std::uint64_t once = 1;
  [[maybe_unused]] const auto written = write(calendar_timer, &once, sizeof once);
  return nullptr;
}

}  // namespace

extern "C" {

int clock_gettime(clockid_t clock, timespec* now) noexcept {
  const auto result = static_cast<int>(syscall(SYS_clock_gettime, clock, now));
  if (result == 0 && clock == CLOCK_REALTIME) now->tv_sec += ahead();
  return result;
}

int gettimeofday(timeval* now, void*) noexcept {
  timespec precise{};
  clock_gettime(CLOCK_REALTIME, &precise);
  now->tv_sec = precise.tv_sec;
  now->tv_usec = precise.tv_nsec / 1000;
  return 0;
}

time_t time(time_t* now) noexcept {
  timespec precise{};
  clock_gettime(CLOCK_REALTIME, &precise);
  if (now != nullptr) *now = precise.tv_sec;
  return precise.tv_sec;
}

int timerfd_create(clockid_t clock, int flags) noexcept {
  if (clock != CLOCK_REALTIME || file_when_right() == nullptr) {
    return static_cast<int>(syscall(SYS_timerfd_create, clock, flags));
  }
  calendar_timer = eventfd(0, flags);  // the flags have the same values
  pthread_t thread{};
  pthread_create(&thread, nullptr, tell_when_right, nullptr);
  pthread_detach(thread);
  return calendar_timer;
}

int timerfd_settime(int timer, int flags, const itimerspec* value, itimerspec* former) noexcept {
  return timer == calendar_timer ? 0 : static_cast<int>(syscall(SYS_timerfd_settime, timer, flags, value, former));
}

}  // extern "C"
