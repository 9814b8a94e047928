// SPDX-License-Identifier: Apache-2.0
#include "daemon/acme/nonces.h"

#include <algorithm>

#include "base/runtime/scope.h"

namespace acmed::acme {
namespace {

/// How many callers share one nonce before another one is fetched. Two or three names never pay for a second newNonce;
/// where very many are waiting, more concurrency is worth it.
constexpr std::size_t waiting_for_each = 8;
constexpr std::size_t most_in_circulation = 6;
constexpr Duration long_line = std::chrono::milliseconds(20);
/// On a long line there are as many as it takes that nobody waits longer than this for one.
constexpr Duration longest_wait = std::chrono::milliseconds(100);
constexpr std::size_t most_on_a_long_line = 34;
/// Let's Encrypt allows 20 newNonce a second for each address.
constexpr std::size_t most_fetches = 20;
constexpr Duration fetches_counted = std::chrono::seconds(1);
/// A CA that is down is asked by no more than these.
constexpr std::size_t most_before_an_answer = 2;
/// CAs forget nonces when they restart and after some time; fetching a fresh one is cheaper than a badNonce.
constexpr Duration longest_idle = std::chrono::minutes(5);

}  // namespace

NoncePool::Loan& NoncePool::Loan::operator=(Loan&& other) noexcept {
  if (this != &other) {
    release();
    pool_ = std::exchange(other.pool_, nullptr);
    nonce_ = std::move(other.nonce_);
  }
  return *this;
}

void NoncePool::Loan::release() noexcept {
  auto* pool = std::exchange(pool_, nullptr);
  if (!pool) return;
  if (nonce_.empty()) {
    pool->lose();
  } else {
    pool->give(std::move(nonce_));
  }
}

/// Gives up the place without anybody fetching a new nonce.
void NoncePool::Loan::forfeit() noexcept {
  if (auto* pool = std::exchange(pool_, nullptr)) --pool->circulating_;
}

/// Waits for what the pool hands over: a nonce, the task to fetch one, or the failure of a fetch.
class NoncePool::Turn final : public Wait {
 public:
  Turn(NoncePool& pool, std::uint64_t place) : pool_(pool), place_(place) {}

  /// Nothing means that the caller must fetch a nonce; its place in the circulation is reserved.
  std::optional<std::string> await_resume() {
    throw_if_cancelled();
    if (failure_) std::rethrow_exception(failure_);
    return std::move(nonce_);
  }

  void hand(std::optional<std::string> nonce) noexcept {
    pool_.waiting_.erase(place_);
    nonce_ = std::move(nonce);
    complete();
  }

  void fail(const std::exception_ptr& failure) noexcept {
    pool_.waiting_.erase(place_);
    failure_ = failure;
    complete();
  }

 private:
  bool start(Loop&) override {
    nonce_ = pool_.take_idle();
    if (nonce_) return false;
    if (pool_.circulating_ == 0) {  // nothing would ever come back
      pool_.reserve();
      return false;
    }
    pool_.waiting_.emplace(place_, this);
    return true;
  }
  void abandon() noexcept override { pool_.waiting_.erase(place_); }

  NoncePool& pool_;
  std::uint64_t place_;
  std::optional<std::string> nonce_;
  std::exception_ptr failure_;
};

Task<NoncePool::Loan> NoncePool::take() {
  const auto place = next_place_++;
  if (auto nonce = take_idle()) co_return Loan(*this, *std::move(nonce));
  bool fetch = circulating_ < allowed(waiting_.size() + 1);
  if (fetch) reserve();
  for (;;) {
    if (fetch) {
      auto loan = co_await fetch_one();
      const bool is_first = waiting_.empty() || place < waiting_.begin()->first;
      if (is_first && !loan.empty()) co_return loan;
    }
    auto nonce = co_await Turn(*this, place);
    if (nonce) co_return Loan(*this, *std::move(nonce));
    fetch = true;
  }
}

std::size_t NoncePool::allowed(std::size_t waiting) const noexcept {
  const auto usual = std::clamp<std::size_t>(1 + waiting / waiting_for_each, 1,
                                             has_answered_ ? most_in_circulation : most_before_an_answer);
  return std::max(usual, of_long_line(waiting + circulating_));
}

/// `wanted`: by how many requests at once.
std::size_t NoncePool::of_long_line(std::size_t wanted) const noexcept {
  const bool is_fetching_much = fetches_.size() == most_fetches && fetches_.front() > clock_.moment() - fetches_counted;
  if (is_fetching_much || !has_answered_ || round_trip_ < long_line) return 0;
  return std::min(static_cast<std::size_t>(round_trip_ * static_cast<Duration::rep>(wanted) / longest_wait),
                  most_on_a_long_line);
}

/// Lets those who wait last fetch what is allowed now; the nonces go to those who wait first.
void NoncePool::grow() noexcept {
  while (!waiting_.empty() && circulating_ < allowed(waiting_.size())) {
    reserve();
    waiting_.rbegin()->second->hand(std::nullopt);
  }
}

/// Reserves a place in the circulation for fetch_one() to fill.
void NoncePool::reserve() noexcept {
  ++circulating_;
  ++fetching_;
  if (fetches_.size() == most_fetches) fetches_.pop_front();
  fetches_.push_back(clock_.moment());
}

/// Fills a reserved place; it stays empty when the fetch fails but other nonces are in circulation.
Task<NoncePool::Loan> NoncePool::fetch_one() {
  Loan place(*this, {});
  std::exception_ptr failure;
  try {
    place.renew(co_await fetch_());
  } catch (const Error&) {
    failure = std::current_exception();
  } catch (...) {
    --fetching_;
    throw;
  }
  --fetching_;
  if (!failure) {
    if (!std::exchange(has_answered_, true)) grow();
    co_return place;
  }
  place.forfeit();
  // While other nonces circulate, a failed fetch only means that those have to do.
  if (circulating_ > fetching_) co_return place;
  // The others would fail the same way one after another, each after its own time-out.
  fail_all(failure);
  std::rethrow_exception(failure);
}

Task<> NoncePool::stock(std::size_t wanted) {
  Scope fetches(co_await context());
  while (circulating_ < of_long_line(wanted)) {
    reserve();
    fetches.spawn(fetch_idle());
  }
  co_await fetches.join();
}

Task<> NoncePool::fetch_idle() {
  try {
    const auto idle = co_await fetch_one();
  } catch (const Error&) {
    // Who needs a nonce and gets none hears why.
  }
}

void NoncePool::give(std::string nonce) {
  if (waiting_.empty()) {
    idle_.push_back({std::move(nonce), clock_.moment()});
  } else {
    waiting_.begin()->second->hand(std::move(nonce));
    grow();
  }
}

void NoncePool::lose() noexcept {
  --circulating_;
  if (waiting_.empty() || circulating_ >= allowed(waiting_.size())) return;
  reserve();
  waiting_.begin()->second->hand(std::nullopt);
}

void NoncePool::fail_all(const std::exception_ptr& failure) noexcept {
  while (!waiting_.empty()) waiting_.begin()->second->fail(failure);
}

std::optional<std::string> NoncePool::take_idle() {
  const Moment too_old = clock_.moment() - longest_idle;
  while (!idle_.empty() && idle_.front().since < too_old) {
    idle_.pop_front();
    --circulating_;
  }
  if (idle_.empty()) return std::nullopt;
  std::string nonce = std::move(idle_.back().nonce);
  idle_.pop_back();
  return nonce;
}

}  // namespace acmed::acme
