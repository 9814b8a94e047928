// SPDX-License-Identifier: Apache-2.0
#include "dns/responder/query.h"

#include <cstring>

#include "dns/responder/cookies.h"
#include "dns/wire.h"

namespace acmed::dns::responder {
namespace {

constexpr std::uint16_t response_bit = 0x8000;
constexpr std::uint16_t opcode_bits = 0x7800;
constexpr std::uint32_t dnssec_ok_bit = 0x8000;
constexpr std::uint16_t type_opt = 41;
constexpr std::uint16_t type_ixfr = 251;
constexpr std::uint16_t option_cookie = 10;
constexpr std::size_t longest_name = 255;
constexpr std::size_t longest_label = 63;
constexpr unsigned pointer_bits = 0xc0;

std::uint16_t u16_at(std::string_view wire, std::size_t place) noexcept {
  const auto high = static_cast<std::uint8_t>(wire[place]);
  return static_cast<std::uint16_t>((high << 8) | static_cast<std::uint8_t>(wire[place + 1]));
}

/// Takes octets off the front of a message; once it ran short it stays so.
class Cursor {
 public:
  explicit Cursor(std::string_view wire) noexcept : rest_(wire) {}

  bool sound() const noexcept { return sound_; }
  bool at_end() const noexcept { return rest_.empty(); }

  std::string_view take(std::size_t count) noexcept {
    if (count > rest_.size()) {
      sound_ = false;
      rest_ = {};
      return {};
    }
    const auto taken = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return taken;
  }
  std::uint8_t u8() noexcept {
    const auto one = take(1);
    return sound_ ? static_cast<std::uint8_t>(one[0]) : std::uint8_t{0};
  }
  std::uint16_t u16() noexcept {
    const auto two = take(2);
    return sound_ ? u16_at(two, 0) : std::uint16_t{0};
  }
  std::uint32_t u32() noexcept {
    const std::uint32_t high = u16();
    return (high << 16) | u16();
  }

  /// A name, compressed or not. Where a pointer leads is of no interest. Whether it is the root.
  bool skip_name() noexcept {
    for (bool first = true; sound_; first = false) {
      const auto length = u8();
      if (length == 0) return first;
      if ((length & pointer_bits) == pointer_bits) {
        u8();
        return false;
      }
      if (length > longest_label) sound_ = false;
      take(length);
    }
    return false;
  }

 private:
  std::string_view rest_;
  bool sound_ = true;
};

/// The length of the uncompressed name at the front of `wire`; 0 when there is none.
std::size_t name_length(std::string_view wire) noexcept {
  std::size_t length = 0;
  while (length < wire.size() && length < longest_name) {
    const auto label = static_cast<std::uint8_t>(wire[length]);
    ++length;
    if (label == 0) return length;
    if (label > longest_label) return 0;
    length += label;
  }
  return 0;
}

/// Folds ASCII (RFC 4343 §3), eight octets at a time. Lengths of labels are no letters, so the whole name is taken.
void fold(std::string_view name, Query& query) noexcept {
  constexpr std::uint64_t ones = 0x0101'0101'0101'0101;
  constexpr std::uint64_t high_bits = 0x80 * ones;
  std::memset(query.folded.data() + (name.size() & ~std::size_t{7}), 0, 8);
  std::memcpy(query.folded.data(), name.data(), name.size());
  for (std::size_t i = 0; i < name.size(); i += 8) {
    std::uint64_t octets = 0;
    std::memcpy(&octets, query.folded.data() + i, sizeof octets);
    const auto low = octets & ~high_bits;
    const auto from_a = low + (0x80 - 'A') * ones;       // the high bit says: 'A' or above
    const auto above_z = low + (0x80 - 'Z' - 1) * ones;  // the high bit says: above 'Z'
    octets |= (from_a & ~above_z & ~octets & high_bits) >> 2;
    std::memcpy(query.folded.data() + i, &octets, sizeof octets);
  }
  query.name = {query.folded.data(), name.size()};
}

/// Of several COOKIE options the first counts (RFC 7873 §5.2). Whether all is well formed.
bool read_options(std::string_view options, Query& query) noexcept {
  Cursor cursor(options);
  while (cursor.sound() && !cursor.at_end()) {
    const auto code = cursor.u16();
    const auto data = cursor.take(cursor.u16());
    if (code != option_cookie || !query.cookie.empty() || !cursor.sound()) continue;
    if (!Cookies::is_length(data.size())) return false;
    query.cookie = data;
  }
  return cursor.sound();
}

/// Of a query only OPT matters; there is one at most, owned by the root (RFC 6891 §6.1.1).
bool read_additional(Cursor& cursor, unsigned count, Query& query) noexcept {
  for (; count > 0 && cursor.sound(); --count) {
    const bool root = cursor.skip_name();
    const auto type = cursor.u16();
    const auto rr_class = cursor.u16();
    const auto ttl = cursor.u32();
    const auto data = cursor.take(cursor.u16());
    if (type != type_opt) continue;
    if (!root || query.edns || !read_options(data, query)) return false;
    query.edns = true;
    query.udp_size = rr_class;
    query.version = static_cast<std::uint8_t>(ttl >> 16);
    query.dnssec_ok = (ttl & dnssec_ok_bit) != 0;
  }
  return cursor.sound();
}

}  // namespace

Reading read_query(std::string_view wire, Query& query) noexcept {
  if (wire.size() < header_size) return Reading::silence;
  query.flags = u16_at(wire, 2);
  if ((query.flags & response_bit) != 0) return Reading::silence;
  if ((query.flags & opcode_bits) != 0) return Reading::notimp;
  const unsigned questions = u16_at(wire, 4);
  const unsigned answers = u16_at(wire, 6);
  const unsigned authorities = u16_at(wire, 8);
  const unsigned additionals = u16_at(wire, 10);
  if (questions != 1 || answers != 0) return Reading::formerr;

  const auto length = name_length(wire.substr(header_size));
  if (length == 0 || header_size + length + 4 > wire.size()) return Reading::formerr;
  query.question = wire.substr(header_size, length + 4);
  query.type = u16_at(query.question, length);
  query.rr_class = u16_at(query.question, length + 2);
  if (authorities != 0 && query.type != type_ixfr) return Reading::formerr;  // RFC 1995 §3: the SOA of a copy
  fold(query.question.substr(0, length), query);

  Cursor cursor(wire.substr(header_size + length + 4));
  for (unsigned i = 0; i < authorities && cursor.sound(); ++i) {
    cursor.skip_name();
    cursor.take(8);
    cursor.take(cursor.u16());
  }
  const bool sound = read_additional(cursor, additionals, query) && cursor.at_end();
  return sound ? Reading::good : Reading::formerr;
}

}  // namespace acmed::dns::responder
