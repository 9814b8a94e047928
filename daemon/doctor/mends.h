// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace acmed::doctor {

/// What to do about a failure with that cause (Error::cause()): a clause without a final full stop, in which
/// [provider.NAME] and "the same table" stand for those of the provider or CA. Empty when no more is known than its
/// sentence says.
std::string_view mend_of(std::string_view cause);

}  // namespace acmed::doctor
