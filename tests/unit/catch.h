// SPDX-License-Identifier: Apache-2.0
// Catch2 in whichever version the distribution has: 2 in Debian 12, 3 in Debian 13. Tests write the matchers as version
// 2 names them.
#pragma once

#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>

#include <string>

namespace Catch {
inline auto Contains(const std::string& part) {
  return Matchers::ContainsSubstring(part);
}
using Matchers::EndsWith;
using Matchers::Equals;
using Matchers::StartsWith;
}  // namespace Catch
#else
#include <catch2/catch.hpp>
#endif
