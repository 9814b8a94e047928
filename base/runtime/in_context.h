// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <exception>
#include <string>

#include "base/error.h"
#include "base/runtime/task.h"

namespace acmed {

/// The result of `task`. If it fails, throws the same failure with "CONTEXT: " before its sentence (unless `context` is
/// empty) and about `party` unless a party is already set; advice, cause and not_before stay as they are
/// (Error::in_context). Cancelled passes unchanged.
template <class T>
Task<T> in_context(Party party, std::string context, Task<T> task) {
  try {
    co_return co_await std::move(task);
  } catch (const Error& error) {
    std::rethrow_exception(error.in_context(party, context));
  }
}

}  // namespace acmed
