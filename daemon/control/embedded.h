// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

/// Files that are part of the program (embed.cmake).
namespace acmed::control::embedded {

extern const std::string_view openapi;
extern const std::string_view page;

}  // namespace acmed::control::embedded
