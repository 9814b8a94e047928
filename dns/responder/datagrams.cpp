// SPDX-License-Identifier: Apache-2.0
#include "dns/responder/datagrams.h"

#include <errno.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>
#include <cstring>

namespace acmed::dns::responder {
namespace {

constexpr std::size_t batch_size = 64;
constexpr int most_batches = 8;  // before the loop goes on: 512 datagrams, some 3 ms
constexpr std::size_t largest_query = 1232;
constexpr std::size_t control_size = CMSG_SPACE(sizeof(in6_pktinfo));

bool same_address(const sockaddr* client, const void* asked) noexcept {
  if (client->sa_family == AF_INET) {
    return std::memcmp(&reinterpret_cast<const sockaddr_in*>(client)->sin_addr, asked, sizeof(in_addr)) == 0;
  }
  return std::memcmp(&reinterpret_cast<const sockaddr_in6*>(client)->sin6_addr, asked, sizeof(in6_addr)) == 0;
}

const void* address_in(const sockaddr_storage& address) noexcept {
  if (address.ss_family == AF_INET) return &reinterpret_cast<const sockaddr_in*>(&address)->sin_addr;
  return &reinterpret_cast<const sockaddr_in6*>(&address)->sin6_addr;
}

/// The address that a datagram was sent to, where the kernel told it; null otherwise.
const void* address_asked(const msghdr& query) noexcept {
  const auto* control = CMSG_FIRSTHDR(&query);
  if (control == nullptr) return nullptr;
  if (control->cmsg_level == IPPROTO_IP && control->cmsg_type == IP_PKTINFO) {
    return &reinterpret_cast<const in_pktinfo*>(CMSG_DATA(control))->ipi_spec_dst;
  }
  if (control->cmsg_level == IPPROTO_IPV6 && control->cmsg_type == IPV6_PKTINFO) {
    return &reinterpret_cast<const in6_pktinfo*>(CMSG_DATA(control))->ipi6_addr;
  }
  return nullptr;
}

/// The answer goes out by what routes say, not by where the query came in, unless its address is known on one link
/// only.
void forget_interface(msghdr& query) noexcept {
  auto* control = CMSG_FIRSTHDR(&query);
  if (control == nullptr) return;
  if (control->cmsg_level == IPPROTO_IP && control->cmsg_type == IP_PKTINFO) {
    reinterpret_cast<in_pktinfo*>(CMSG_DATA(control))->ipi_ifindex = 0;
  } else if (control->cmsg_level == IPPROTO_IPV6 && control->cmsg_type == IPV6_PKTINFO) {
    auto* info = reinterpret_cast<in6_pktinfo*>(CMSG_DATA(control));
    if (!IN6_IS_ADDR_LINKLOCAL(&info->ipi6_addr)) info->ipi6_ifindex = 0;
  }
}

}  // namespace

struct Datagrams::Batch {
  struct Slot {
    sockaddr_in6 client;
    alignas(cmsghdr) std::array<char, control_size> control;
    iovec query_part;
    iovec answer_part;
    std::array<char, largest_query> query;
    std::array<char, largest_datagram> answer;
  };
  std::array<Slot, batch_size> slots;
  std::array<mmsghdr, batch_size> queries{};
  std::array<mmsghdr, batch_size> answers{};

  Batch() {
    for (std::size_t i = 0; i < batch_size; ++i) {
      slots[i].query_part = {slots[i].query.data(), largest_query};
      make_ready(i);
    }
  }

  /// A call leaves in the header what it found.
  void make_ready(std::size_t i) noexcept {
    auto& slot = slots[i];
    auto& header = queries[i].msg_hdr;
    header = {};
    header.msg_name = &slot.client;
    header.msg_namelen = sizeof slot.client;
    header.msg_iov = &slot.query_part;
    header.msg_iovlen = 1;
    header.msg_control = slot.control.data();
    header.msg_controllen = slot.control.size();
  }
};

std::shared_ptr<Datagrams::Batch> Datagrams::make_batch() {
  return std::make_shared<Batch>();
}

Datagrams::Datagrams(Loop& loop, Fd socket, const Endpoint& endpoint, const Zones& zones, Cookies& cookies,
                     RateLimiter& limiter, std::shared_ptr<Batch> batch)
    : clock_(loop.clock()),
      zones_(zones),
      cookies_(cookies),
      limiter_(limiter),
      batch_(std::move(batch)),
      wildcard_(endpoint.is_wildcard()),
      socket_(std::move(socket)) {
  endpoint.to_sockaddr(own_);
  sd_event_source* source = nullptr;
  const auto on_ready = [](sd_event_source*, int, std::uint32_t, void* self) noexcept {
    static_cast<Datagrams*>(self)->on_readable();
    return 0;
  };
  check_event(sd_event_add_io(loop.event(), &source, socket_.get(), EPOLLIN, on_ready, this), "sd_event_add_io");
  source_.reset(source);
}

void Datagrams::on_readable() noexcept {
  for (int i = 0; i < most_batches; ++i) {
    const int count = ::recvmmsg(socket_.get(), batch_->queries.data(), batch_size, MSG_DONTWAIT, nullptr);
    if (count <= 0) return;
    answer_batch(static_cast<std::size_t>(count));
    if (static_cast<std::size_t>(count) < batch_size) return;
  }
}

void Datagrams::answer_batch(std::size_t count) noexcept {
  auto& batch = *batch_;
  const auto now = limiter_.is_on() ? clock_.moment() : Moment();
  const auto today = clock_.now();
  std::size_t answers = 0;
  for (std::size_t i = 0; i < count; ++i) {
    auto& slot = batch.slots[i];
    auto& query = batch.queries[i];
    const std::string_view message(slot.query.data(), query.msg_len);
    const Asker asker{Client(reinterpret_cast<const sockaddr*>(&slot.client)), today};
    const auto verdict = judge(query.msg_hdr, message, asker, now);
    if (verdict != RateLimiter::Verdict::drop) {
      const auto carrier = verdict == RateLimiter::Verdict::cut ? Carrier::cut_datagram : Carrier::datagram;
      const auto size = answer(zones_, cookies_, message, asker, slot.answer, carrier);
      if (size > 0) {
        auto& header = batch.answers[answers++].msg_hdr;
        header = query.msg_hdr;
        header.msg_flags = 0;
        slot.answer_part = {slot.answer.data(), size};
        header.msg_iov = &slot.answer_part;
        if (wildcard_) {
          forget_interface(header);
        } else {
          header.msg_control = nullptr;
          header.msg_controllen = 0;
        }
      }
    }
    batch.make_ready(i);
  }
  send_batch(answers);
}

/// Then the answer goes nowhere else, however the query came.
bool Datagrams::is_from_this_host(const msghdr& query) const noexcept {
  const auto* asked = wildcard_ ? address_asked(query) : address_in(own_);
  return asked != nullptr && same_address(static_cast<const sockaddr*>(query.msg_name), asked);
}

RateLimiter::Verdict Datagrams::judge(const msghdr& query, std::string_view message, const Asker& asker,
                                      Moment now) noexcept {
  using Verdict = RateLimiter::Verdict;
  if (!limiter_.is_on() || is_from_this_host(query)) return Verdict::answer;
  const auto verdict = limiter_.judge(static_cast<const sockaddr*>(query.msg_name), now);
  const bool is_limited = verdict != Verdict::answer && !shows_good_cookie(cookies_, message, asker);
  return is_limited ? verdict : Verdict::answer;
}

void Datagrams::send_batch(std::size_t count) noexcept {
  for (std::size_t sent = 0; sent < count;) {
    const int result =
        ::sendmmsg(socket_.get(), &batch_->answers[sent], static_cast<unsigned>(count - sent), MSG_DONTWAIT);
    if (result > 0) {
      sent += static_cast<std::size_t>(result);
    } else if (errno == EAGAIN) {
      return;  // nobody would wait for them that long
    } else if (errno != EINTR) {
      ++sent;  // one that cannot be sent, because of a firewall or a port 0, is no reason to keep the others back
    }
  }
}

}  // namespace acmed::dns::responder
