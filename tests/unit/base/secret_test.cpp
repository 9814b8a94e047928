// SPDX-License-Identifier: Apache-2.0
#include "base/secret.h"

#include <cstddef>
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

}  // namespace

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
