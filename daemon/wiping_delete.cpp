// SPDX-License-Identifier: Apache-2.0
// Whatever `delete` frees in this program is wiped first. Keys pass through texts, buffers and containers of many
// libraries and of our own, which free them in many places; here they all come by.
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include <new>

namespace {

void wipe_and_free(void* memory) noexcept {
  if (memory != nullptr) explicit_bzero(memory, malloc_usable_size(memory));
  free(memory);
}

}  // namespace

// The library's other forms call these. Those for over-aligned types, which hold no text, stay the library's own.
void* operator new(std::size_t size) {
  void* memory = malloc(size == 0 ? 1 : size);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}
void operator delete(void* memory) noexcept {
  wipe_and_free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  wipe_and_free(memory);
}
