// SPDX-License-Identifier: Apache-2.0
#include "dns/responder/answer.h"

#include <algorithm>
#include <cstring>

#include "dns/message.h"
#include "dns/responder/query.h"
#include "dns/wire.h"

namespace acmed::dns::responder {
namespace {

using namespace std::string_view_literals;

constexpr std::uint16_t response_bit = 0x8000;
constexpr std::uint16_t opcode_bits = 0x7800;
constexpr std::uint16_t authoritative_bit = 0x0400;
constexpr std::uint16_t truncated_bit = 0x0200;
constexpr std::uint16_t recursion_desired_bit = 0x0100;
constexpr std::uint16_t pointer_bits = 0xc000;

constexpr std::uint16_t class_in = 1;
constexpr std::uint16_t type_ixfr = 251;
constexpr std::uint16_t type_axfr = 252;
constexpr std::uint16_t type_any = 255;

constexpr std::size_t smallest_datagram = 512;  // what everybody takes (RFC 1035 §4.2.1)
constexpr std::size_t opt_size = 11;
constexpr std::size_t option_header_size = 4;
constexpr unsigned option_cookie = 10;

/// What is said to ANY, instead of all that is there (RFC 8482 §4.2): HINFO "RFC8482" "", for an hour.
constexpr auto any_answer = "\xc0\x0c\x00\x0d\x00\x01\x00\x00\x0e\x10\x00\x09\x07RFC8482\x00"sv;

void put_u16(char* to, unsigned value) noexcept {
  to[0] = static_cast<char>(value >> 8);
  to[1] = static_cast<char>(value & 0xff);
}

/// An answer as it grows. It holds the question, so that records may point to its name.
class Draft {
 public:
  /// `cookie`: empty for none.
  Draft(const Query& query, std::string_view cookie, std::string_view wire, std::span<char> out,
        std::size_t limit) noexcept
      : query_(query), cookie_(cookie), out_(out), limit_(limit - size_of_opt()) {
    std::memcpy(out_.data(), wire.data(), header_size + query.question.size());
    size_ = header_size + query.question.size();
  }

  void authoritative() noexcept { flags_ |= authoritative_bit; }
  void rcode(Rcode rcode) noexcept { rcode_ = static_cast<unsigned>(rcode); }
  /// The first set of records is in the answer, or nothing is.
  void truncate() noexcept { flags_ |= truncated_bit; }

  void put_answer(std::string_view records, unsigned count) noexcept {
    if (append(records)) {
      answers_ += count;
    } else {
      truncate();
    }
  }
  /// The SOA record that tells for how long there is nothing.
  void put_denial(const Zone& zone) noexcept {
    const auto place = size_;
    if (!append(zone.denial)) return truncate();
    put_u16(out_.data() + place,
            static_cast<unsigned>(pointer_bits | (header_size + query_.name.size() - zone.wire.size())));
    ++authorities_;
  }
  /// What may be left out.
  void put_additional(const RecordSet& set) noexcept {
    if (append(set.records)) additionals_ += set.count;
  }

  std::size_t finish() noexcept {
    if (query_.edns) put_opt();
    char* header = out_.data();
    put_u16(header + 2, response_bit | flags_ | (query_.flags & recursion_desired_bit) | (rcode_ & 0xf));
    put_u16(header + 4, 1);
    put_u16(header + 6, answers_);
    put_u16(header + 8, authorities_);
    put_u16(header + 10, additionals_);
    return size_;
  }

 private:
  std::size_t size_of_opt() const noexcept {
    if (!query_.edns) return 0;
    return opt_size + (cookie_.empty() ? 0 : option_header_size + cookie_.size());
  }

  bool append(std::string_view octets) noexcept {
    if (octets.size() > limit_ - size_) return false;
    std::memcpy(out_.data() + size_, octets.data(), octets.size());
    size_ += octets.size();
    return true;
  }

  void put_opt() noexcept {
    char* opt = out_.data() + size_;
    std::memset(opt, 0, opt_size);
    opt[2] = 41;
    put_u16(opt + 3, largest_datagram);
    opt[5] = static_cast<char>(rcode_ >> 4);
    if (query_.dnssec_ok) opt[7] = static_cast<char>(0x80);  // RFC 3225 §3
    if (!cookie_.empty()) {
      put_u16(opt + 9, static_cast<unsigned>(option_header_size + cookie_.size()));
      put_u16(opt + 11, option_cookie);
      put_u16(opt + 13, static_cast<unsigned>(cookie_.size()));
      std::memcpy(opt + 15, cookie_.data(), cookie_.size());
    }
    size_ += size_of_opt();
    ++additionals_;
  }

  const Query& query_;
  std::string_view cookie_;
  std::span<char> out_;
  std::size_t limit_;
  std::size_t size_ = 0;
  unsigned flags_ = 0;
  unsigned rcode_ = 0;
  unsigned answers_ = 0;
  unsigned authorities_ = 0;
  unsigned additionals_ = 0;
};

/// For what has no question that could be repeated.
std::size_t bare_header(const Query& query, std::string_view wire, std::span<char> out, Rcode rcode) noexcept {
  std::memset(out.data(), 0, header_size);
  std::memcpy(out.data(), wire.data(), 2);
  put_u16(out.data() + 2,
          response_bit | (query.flags & (opcode_bits | recursion_desired_bit)) | static_cast<unsigned>(rcode));
  return header_size;
}

void answer_in_zone(const Zones::Found& found, std::uint16_t type, Draft& draft) noexcept {
  draft.authoritative();
  if (found.node == nullptr) {
    draft.rcode(Rcode::nxdomain);
    draft.put_denial(*found.zone);
  } else if (const auto* set = found.node->find(type)) {
    draft.put_answer(set->records, set->count);
    if (set == &found.node->ns) draft.put_additional(found.zone->glue);
  } else if (type == type_any && found.node->has_records()) {
    draft.put_answer(any_answer, 1);
  } else {
    draft.put_denial(*found.zone);
  }
}

}  // namespace

bool shows_good_cookie(Cookies& cookies, std::string_view wire, const Asker& asker) noexcept {
  Query query;
  return read_query(wire, query) == Reading::good && cookies.is_good(query.cookie, asker.client, asker.now);
}

std::size_t answer(const Zones& zones, Cookies& cookies, std::string_view wire, const Asker& asker, std::span<char> out,
                   Carrier carrier) noexcept {
  Query query;
  switch (read_query(wire, query)) {
    case Reading::silence:
      return 0;
    case Reading::formerr:
      return bare_header(query, wire, out, Rcode::formerr);
    case Reading::notimp:
      return bare_header(query, wire, out, Rcode::notimp);
    case Reading::good:
      break;
  }
  const auto limit = carrier == Carrier::stream
                         ? largest_message
                         : std::clamp<std::size_t>(query.udp_size, smallest_datagram, largest_datagram);
  const auto cookie =
      query.cookie.empty() ? std::string_view() : cookies.answer_to(query.cookie, asker.client, asker.now);
  Draft draft(query, cookie, wire, out, limit);
  if (query.version > 0) {
    draft.rcode(Rcode::badvers);
  } else if (query.rr_class != class_in || query.type == type_axfr || query.type == type_ixfr) {
    draft.rcode(Rcode::refused);
  } else {
    const auto found = zones.find(query.name);
    if (found.zone == nullptr) {
      draft.rcode(Rcode::refused);
    } else if (carrier == Carrier::cut_datagram) {
      draft.authoritative();
      draft.truncate();
    } else {
      answer_in_zone(found, query.type, draft);
    }
  }
  return draft.finish();
}

}  // namespace acmed::dns::responder
