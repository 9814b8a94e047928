// SPDX-License-Identifier: Apache-2.0
// Catch2 in whichever version the distribution has: 2 in Debian 12, 3 in Debian 13.
#pragma once

#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>
#else
#include <catch2/catch.hpp>
#endif
