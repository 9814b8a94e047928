// SPDX-License-Identifier: Apache-2.0
#include "base/secret.h"

#include <malloc.h>

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>

#include "tests/unit/catch.h"

using namespace acmed;

namespace {

/// Whether `text` stands in the memory where a T was.
template <class T>
bool stands_in(const std::byte* memory, const std::string& text) {
  return std::string_view(reinterpret_cast<const char*>(memory), sizeof(T)).find(text) != std::string_view::npos;
}

constexpr std::string_view long_secret =
    "a secret that is too long for the object itself, and has its bytes on the heap";

thread_local bool looks = false;
thread_local int given_back_whole = 0;

/// Looks at memory that is about to be given back.
void look_at(void* memory) {
  if (!looks || memory == nullptr) return;
  const std::string_view content(static_cast<const char*>(memory), ::malloc_usable_size(memory));
  // An end of it: a string that is cleared loses its first character at least.
  if (content.find(long_secret.substr(long_secret.size() / 2)) != content.npos) ++given_back_whole;
}

/// Keeps the compiler from leaving out what nobody reads.
void must_exist(const std::string& text) {
  __asm__ volatile("" : : "r"(text.data()) : "memory");
}

/// How many pieces of memory with the long secret were given back while `call` ran.
template <class Call>
int leaked_by(Call call) {
  given_back_whole = 0;
  looks = true;
  call();
  looks = false;
  return given_back_whole;
}

}  // namespace

// In the place of the library's, for the whole program.
void* operator new(std::size_t size) {
  if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
  throw std::bad_alloc();
}

void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  return std::malloc(size == 0 ? 1 : size);
}

void operator delete(void* memory) noexcept {
  look_at(memory);
  std::free(memory);
}

void operator delete(void* memory, std::size_t) noexcept {
  look_at(memory);
  std::free(memory);
}

TEST_CASE("a long secret is wiped before its memory is given back") {
  REQUIRE(leaked_by([] {
            const std::string plain(long_secret);
            must_exist(plain);
          }) == 1);
  CHECK(leaked_by([] { const Secret secret{std::string(long_secret)}; }) == 0);
  CHECK(leaked_by([] {
          Secret secret{std::string(long_secret)};
          const Secret copy = secret;
          secret = Secret{std::string("another")};
        }) == 0);
  CHECK(leaked_by([] {
          Secret secret{std::string(long_secret)};
          const Secret longer{std::string(500, 'x')};
          secret = longer;
        }) == 0);
}

TEST_CASE("a secret is wiped when it ends, also a short one that lies in the object itself") {
  alignas(Secret) std::byte memory[sizeof(Secret)];
  auto* secret = new (memory) Secret(std::string("s3cret"));
  REQUIRE(stands_in<Secret>(memory, "s3cret"));
  std::destroy_at(secret);
  CHECK_FALSE(stands_in<Secret>(memory, "s3cret"));
}

TEST_CASE("a secret leaves nothing where it was moved from") {
  alignas(Secret) std::byte memory[sizeof(Secret)];
  auto* secret = new (memory) Secret(std::string("s3cret"));
  const Secret moved(std::move(*secret));
  CHECK(moved.reveal() == "s3cret");
  CHECK(secret->empty());
  CHECK_FALSE(stands_in<Secret>(memory, "3cret"));
  std::destroy_at(secret);
}

TEST_CASE("a secret is copied, moved and compared as its text") {
  Secret a(std::string(100, 'a'));
  Secret b = a;
  CHECK(a == b);
  b = Secret(std::string("b"));
  CHECK(b.reveal() == "b");
  a = std::move(b);
  CHECK(a.reveal() == "b");
  CHECK(b.empty());
  const Secret& same = a;
  a = same;
  CHECK(a.reveal() == "b");
  CHECK(Secret().empty());
}
