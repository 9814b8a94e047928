// SPDX-License-Identifier: Apache-2.0
// Preloaded into a process, ends it by SIGKILL right after its N-th successful rename or link (N in
// ACMED_TEST_KILL_AT): every durable step of acmed ends with one, so this cuts its life after each of them in turn.
#include <dlfcn.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>

namespace {

std::atomic<int> renames{0};

int counted(int result) {
  static const char* const wanted = std::getenv("ACMED_TEST_KILL_AT");
  if (result == 0 && wanted != nullptr && ++renames == std::atoi(wanted)) raise(SIGKILL);
  return result;
}

template <class Function>
Function* real(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

}  // namespace

extern "C" {

int rename(const char* from, const char* to) noexcept {
  static auto* const call = real<int(const char*, const char*)>("rename");
  return counted(call(from, to));
}

int link(const char* from, const char* to) noexcept {
  static auto* const call = real<int(const char*, const char*)>("link");
  return counted(call(from, to));
}

int renameat(int from_dir, const char* from, int to_dir, const char* to) noexcept {
  static auto* const call = real<int(int, const char*, int, const char*)>("renameat");
  return counted(call(from_dir, from, to_dir, to));
}

int renameat2(int from_dir, const char* from, int to_dir, const char* to, unsigned flags) noexcept {
  static auto* const call = real<int(int, const char*, int, const char*, unsigned)>("renameat2");
  return counted(call(from_dir, from, to_dir, to, flags));
}

}  // extern "C"
