// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/base/name_service.h"

#include <dlfcn.h>
#include <grp.h>
#include <pwd.h>

#include <cstddef>
#include <optional>

namespace {

std::optional<int> pretended;

template <class Entry>
int answer(const char* function, const char* name, Entry* entry, char* buffer, std::size_t size, Entry** found) {
  if (pretended) {
    *found = nullptr;
    return *pretended;
  }
  using Function = int (*)(const char*, Entry*, char*, std::size_t, Entry**);
  return reinterpret_cast<Function>(dlsym(RTLD_NEXT, function))(name, entry, buffer, size, found);
}

}  // namespace

// These come before the C library's own.
extern "C" int getpwnam_r(const char* name, passwd* entry, char* buffer, std::size_t size, passwd** found) {
  return answer("getpwnam_r", name, entry, buffer, size, found);
}

extern "C" int getgrnam_r(const char* name, group* entry, char* buffer, std::size_t size, group** found) {
  return answer("getgrnam_r", name, entry, buffer, size, found);
}

namespace acmed::test {

FailingNameService::FailingNameService(int error) {
  pretended = error;
}

FailingNameService::~FailingNameService() {
  pretended.reset();
}

}  // namespace acmed::test
