// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "providers/kit/character_string.h"
#include "providers/provider.h"

/// Records as APIs write them, whatever their type.
namespace acmed::providers {

/// "TXT", "TLSA".
std::string_view type_text(dns::Type type);

/// The record's data in presentation form.
std::string record_content(const TxtChange& change, Escapes escapes = Escapes::decimal);

/// Whether `content`, a record's data as the operator gives it, is that of `change`.
bool is_record(std::string_view content, const TxtChange& change, Escapes escapes = Escapes::decimal);

}  // namespace acmed::providers
