// SPDX-License-Identifier: Apache-2.0
// Whatever `delete` frees in this program is wiped first. Keys pass through texts, buffers and containers of many
// libraries and of our own, which free them in many places; here they all come by.
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include <new>

namespace {

void* allocate(std::size_t size) noexcept {
  return malloc(size == 0 ? 1 : size);
}

void* allocate_or_throw(std::size_t size) {
  void* memory = allocate(size);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

void wipe_and_free(void* memory) noexcept {
  if (memory != nullptr) explicit_bzero(memory, malloc_usable_size(memory));
  free(memory);
}

}  // namespace

// Each form that may be mixed with another one of these, since a sanitizer has all of its own. Those for over-aligned
// types, which hold no text, stay the library's.
void* operator new(std::size_t size) {
  return allocate_or_throw(size);
}
void* operator new[](std::size_t size) {
  return allocate_or_throw(size);
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  return allocate(size);
}
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept {
  return allocate(size);
}
void operator delete(void* memory) noexcept {
  wipe_and_free(memory);
}
void operator delete[](void* memory) noexcept {
  wipe_and_free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  wipe_and_free(memory);
}
void operator delete[](void* memory, std::size_t) noexcept {
  wipe_and_free(memory);
}
void operator delete(void* memory, const std::nothrow_t&) noexcept {
  wipe_and_free(memory);
}
void operator delete[](void* memory, const std::nothrow_t&) noexcept {
  wipe_and_free(memory);
}
