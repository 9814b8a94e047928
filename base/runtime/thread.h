// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <thread>

namespace acmed {

/// A thread that takes no signal: they are the main loop's business. Throws std::system_error when the host has none.
std::thread thread_without_signals(std::function<void()> work);

}  // namespace acmed
