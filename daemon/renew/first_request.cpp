// SPDX-License-Identifier: Apache-2.0
#include "daemon/renew/first_request.h"

namespace acmed::renew {
namespace {

constexpr Duration lately = std::chrono::minutes(1);

}  // namespace

bool FirstRequest::has_answered_lately() const {
  return answered_ && clock_.moment() - *answered_ < lately;
}

Task<FirstRequest::Asking> FirstRequest::turn() {
  while (pending_) {
    const auto outcome = pending_;
    co_await outcome->others.turn();
    if (outcome->failure) std::rethrow_exception(outcome->failure);
    if (outcome->is_known) co_return Asking(*this, false);
  }
  const bool is_alone = !has_answered_lately();
  if (is_alone) pending_ = std::make_shared<Outcome>();
  co_return Asking(*this, is_alone);
}

void FirstRequest::end(bool is_known, std::exception_ptr failure) noexcept {
  const auto outcome = std::exchange(pending_, nullptr);
  outcome->is_known = is_known;
  outcome->failure = std::move(failure);
  outcome->others.wake_all();
}

FirstRequest::Asking::~Asking() {
  if (first_ != nullptr && is_alone_) first_->end(false, nullptr);
}

void FirstRequest::Asking::answered() noexcept {
  first_->answered_ = first_->clock_.moment();
  if (std::exchange(is_alone_, false)) first_->end(true, nullptr);
}

void FirstRequest::Asking::failed(std::exception_ptr failure) noexcept {
  first_->answered_.reset();
  if (std::exchange(is_alone_, false)) first_->end(true, std::move(failure));
}

}  // namespace acmed::renew
