// SPDX-License-Identifier: Apache-2.0
// Preloaded into a process, ends it by SIGKILL right after its N-th successful rename or link (N in
// ACMED_TEST_KILL_AT), or right before its N-th one (ACMED_TEST_KILL_BEFORE): every durable step of acmed ends with
// one, so this cuts its life after each of them in turn, or while the new file stands beside the old one.
#include <dlfcn.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>

namespace {

/// Counts calls until the one whose number is in the environment variable.
class Fuse {
 public:
  explicit Fuse(const char* variable) : wanted_(std::getenv(variable)) {}
  void count() {
    if (wanted_ != nullptr && ++calls_ == std::atoi(wanted_)) raise(SIGKILL);
  }

 private:
  const char* wanted_;
  std::atomic<int> calls_{0};
};

// One of each for all calls, whatever they are.
Fuse& before() {
  static Fuse fuse("ACMED_TEST_KILL_BEFORE");
  return fuse;
}

Fuse& after() {
  static Fuse fuse("ACMED_TEST_KILL_AT");
  return fuse;
}

template <class Call>
int counted(Call call) {
  before().count();
  const int result = call();
  if (result == 0) after().count();
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
  return counted([&] { return call(from, to); });
}

int link(const char* from, const char* to) noexcept {
  static auto* const call = real<int(const char*, const char*)>("link");
  return counted([&] { return call(from, to); });
}

int linkat(int from_dir, const char* from, int to_dir, const char* to, int flags) noexcept {
  static auto* const call = real<int(int, const char*, int, const char*, int)>("linkat");
  return counted([&] { return call(from_dir, from, to_dir, to, flags); });
}

int renameat(int from_dir, const char* from, int to_dir, const char* to) noexcept {
  static auto* const call = real<int(int, const char*, int, const char*)>("renameat");
  return counted([&] { return call(from_dir, from, to_dir, to); });
}

int renameat2(int from_dir, const char* from, int to_dir, const char* to, unsigned flags) noexcept {
  static auto* const call = real<int(int, const char*, int, const char*, unsigned)>("renameat2");
  return counted([&] { return call(from_dir, from, to_dir, to, flags); });
}

}  // extern "C"
