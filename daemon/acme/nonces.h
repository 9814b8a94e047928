// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "base/runtime/wait.h"
#include "base/time.h"

namespace acmed::acme {

/// The replay nonces that circulate between us and one CA (RFC 8555 §6.5). Each exchange spends one and its response
/// brings the next, so a few are enough for everybody: a caller that finds none waits for one to come back, first come
/// first served. Another one is fetched only when many are waiting, and sooner on a long line, where each of them comes
/// back late.
class NoncePool {
 public:
  using Fetch = std::function<Task<std::string>()>;

  /// `fetch`: gets one from newNonce.
  NoncePool(const Clock& clock, Fetch fetch) : clock_(clock), fetch_(std::move(fetch)) {}
  NoncePool(const NoncePool&) = delete;
  NoncePool& operator=(const NoncePool&) = delete;

  /// A place in the circulation, held during one exchange. On destruction its nonce returns to the pool; without a
  /// nonce the place is lost and, if others are waiting, one of them fetches a new nonce.
  class [[nodiscard]] Loan {
   public:
    Loan(NoncePool& pool, std::string nonce) noexcept : pool_(&pool), nonce_(std::move(nonce)) {}
    Loan(Loan&& other) noexcept : pool_(std::exchange(other.pool_, nullptr)), nonce_(std::move(other.nonce_)) {}
    Loan& operator=(Loan&& other) noexcept;
    ~Loan() { release(); }

    /// The nonce, to be sent now and never again.
    std::string spend() noexcept { return std::exchange(nonce_, {}); }
    /// Stores the nonce that the response brought.
    void renew(std::string nonce) noexcept { nonce_ = std::move(nonce); }
    bool empty() const noexcept { return nonce_.empty(); }
    /// Ends the loan early.
    void release() noexcept;

   private:
    friend class NoncePool;
    void forfeit() noexcept;

    NoncePool* pool_;
    std::string nonce_;
  };

  /// Completes as soon as there is a nonce. Throws the fetch's failure when no nonce is left in circulation.
  Task<Loan> take();

  /// Fetches what `wanted` requests at once would need on a long line; those that cannot be had are not missed.
  Task<> stock(std::size_t wanted);

  /// How long a nonce is away at least.
  void line_is(Duration round_trip) noexcept { round_trip_ = round_trip; }

  /// Nonces in circulation: idle, held, or being fetched.
  std::size_t circulating() const noexcept { return circulating_; }

 private:
  class Turn;
  struct Idle {
    std::string nonce;
    Moment since;
  };

  std::size_t allowed(std::size_t waiting) const noexcept;
  void grow() noexcept;
  std::size_t of_long_line(std::size_t wanted) const noexcept;
  void reserve() noexcept;
  Task<Loan> fetch_one();
  Task<> fetch_idle();
  void give(std::string nonce);
  void lose() noexcept;
  void fail_all(const std::exception_ptr& failure) noexcept;
  std::optional<std::string> take_idle();

  const Clock& clock_;
  Fetch fetch_;
  std::deque<Idle> idle_;  ///< newest last; empty while somebody is waiting
  std::size_t circulating_ = 0;
  std::size_t fetching_ = 0;    ///< those of them not fetched yet
  std::deque<Moment> fetches_;  ///< when the latest began
  Duration round_trip_{};
  bool has_answered_ = false;               ///< the CA has given a nonce
  std::map<std::uint64_t, Turn*> waiting_;  ///< by order of arrival
  std::uint64_t next_place_ = 0;
};

}  // namespace acmed::acme
