// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace acmed::acmectl::import {

using KeyValues = std::map<std::string, std::string, std::less<>>;

/// "key = value" lines; section heads are passed over, and lines that begin with '#' or ';'.
KeyValues read_ini(std::string_view text);

/// "KEY='value'" lines as acme.sh writes them, its values in base64 decoded ("__ACME_BASE64__START_...").
KeyValues read_shell(std::string_view text);

/// The value of `key`; empty when there is none.
std::string value_of(const KeyValues& values, std::string_view key);

}  // namespace acmed::acmectl::import
