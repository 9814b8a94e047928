// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "base/fd.h"
#include "base/runtime/loop.h"
#include "dns/responder/answer.h"
#include "dns/responder/rate_limiter.h"
#include "dns/responder/zones.h"

namespace acmed::dns::responder {

/// Answers what arrives at one UDP socket, many datagrams per system call. Works for a few milliseconds at most before
/// it returns to the loop.
class Datagrams {
 public:
  /// Buffers for the datagrams of one call, shared by the sockets of one loop.
  struct Batch;
  static std::shared_ptr<Batch> make_batch();

  /// `endpoint`: what `socket` is bound to. `zones`, `cookies` and `limiter` must outlive it.
  Datagrams(Loop& loop, Fd socket, const Endpoint& endpoint, const Zones& zones, Cookies& cookies, RateLimiter& limiter,
            std::shared_ptr<Batch> batch);

 private:
  void on_readable() noexcept;
  void answer_batch(std::size_t count) noexcept;
  bool is_from_this_host(const msghdr& query) const noexcept;
  RateLimiter::Verdict judge(const msghdr& query, std::string_view message, const Asker& asker, Moment now) noexcept;
  void send_batch(std::size_t count) noexcept;

  const Clock& clock_;
  const Zones& zones_;
  Cookies& cookies_;
  RateLimiter& limiter_;
  std::shared_ptr<Batch> batch_;
  bool wildcard_;
  sockaddr_storage own_{};  ///< the address that is queried, unless it differs from datagram to datagram
  Fd socket_;
  EventSource source_;
};

}  // namespace acmed::dns::responder
