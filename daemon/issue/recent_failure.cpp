// SPDX-License-Identifier: Apache-2.0
#include "daemon/issue/recent_failure.h"

#include <algorithm>
#include <optional>

namespace acmed::issue {
namespace {

constexpr Duration longest_pause = std::chrono::minutes(15);

/// How long the CA asked to be left alone; nothing when it did not.
std::optional<Duration> pause_in(const std::exception_ptr& failure, Time now) {
  try {
    std::rethrow_exception(failure);
  } catch (const Error& error) {
    if (error.advice() == Error::Advice::throttled && error.not_before()) return *error.not_before() - now;
  } catch (const std::exception&) {
  }
  return std::nullopt;
}

}  // namespace

void RecentFailure::remember(std::exception_ptr failure, Duration lasting) {
  if (const auto pause = pause_in(failure, clock_.now())) lasting = std::min<Duration>(*pause, longest_pause);
  calendar_.take();
  failure_ = std::move(failure);
  until_ = clock_.moment() + lasting;
}

void RecentFailure::rethrow_if_recent() {
  if (calendar_.take() != Duration::zero()) forget();
  if (failure_ && clock_.moment() < until_) std::rethrow_exception(failure_);
}

}  // namespace acmed::issue
