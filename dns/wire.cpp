// SPDX-License-Identifier: Apache-2.0
#include "dns/wire.h"

#include "dns/message.h"

namespace acmed::dns {
namespace {

constexpr std::uint8_t pointer_bits = 0xc0;
constexpr std::size_t longest_name_text = 255;

std::uint8_t octet(char c) {
  return static_cast<std::uint8_t>(c);
}

}  // namespace

void append_u16(std::string& wire, std::uint16_t value) {
  wire.push_back(static_cast<char>(value >> 8));
  wire.push_back(static_cast<char>(value & 0xff));
}

void append_u32(std::string& wire, std::uint32_t value) {
  append_u16(wire, static_cast<std::uint16_t>(value >> 16));
  append_u16(wire, static_cast<std::uint16_t>(value & 0xffff));
}

void append_u48(std::string& wire, std::uint64_t value) {
  append_u16(wire, static_cast<std::uint16_t>(value >> 32));
  append_u32(wire, static_cast<std::uint32_t>(value & 0xffff'ffff));
}

void append_name(std::string& wire, const Name& name) {
  for (std::string_view rest = name.text(); !rest.empty();) {
    const auto label = rest.substr(0, rest.find('.'));
    wire.push_back(static_cast<char>(label.size()));
    wire.append(label);
    rest.remove_prefix(std::min(rest.size(), label.size() + 1));
  }
  wire.push_back('\0');
}

void set_u16(std::string& wire, std::size_t place, std::uint16_t value) {
  wire.at(place) = static_cast<char>(value >> 8);
  wire.at(place + 1) = static_cast<char>(value & 0xff);
}

std::string_view WireReader::octets(std::size_t count) {
  if (count > wire_.size() - place_) throw MalformedMessage("a DNS message ends too soon");
  const auto taken = wire_.substr(place_, count);
  place_ += count;
  return taken;
}

std::uint16_t WireReader::u16() {
  const auto two = octets(2);
  return static_cast<std::uint16_t>((octet(two[0]) << 8) | octet(two[1]));
}

std::uint32_t WireReader::u32() {
  const std::uint32_t high = u16();
  return (high << 16) | u16();
}

std::uint64_t WireReader::u48() {
  const std::uint64_t high = u16();
  return (high << 32) | u32();
}

void WireReader::skip_name() {
  for (;;) {
    const auto length = octet(octets(1)[0]);
    if (length == 0) return;
    if ((length & pointer_bits) == pointer_bits) {
      octets(1);
      return;
    }
    if ((length & pointer_bits) != 0) throw MalformedMessage("a DNS message has a label of an unknown kind");
    octets(length);
  }
}

std::optional<Name> WireReader::name() {
  std::string text;
  bool sound = true;
  std::optional<std::size_t> after;  // where reading goes on once the first pointer was followed
  for (std::size_t limit = place_;;) {
    const auto length = octet(octets(1)[0]);
    if (length == 0) break;
    if ((length & pointer_bits) == pointer_bits) {
      const std::size_t target = ((length & 0x3fU) << 8) | octet(octets(1)[0]);
      if (!after) after = place_;
      // A pointer leads to a prior occurrence (RFC 1035 §4.1.4): each one further to the front, so there is no loop.
      if (target >= limit) throw MalformedMessage("a DNS message has a compression loop");
      limit = place_ = target;
      continue;
    }
    if ((length & pointer_bits) != 0) throw MalformedMessage("a DNS message has a label of an unknown kind");
    const auto label = octets(length);
    if (label.find('.') != std::string_view::npos) sound = false;
    text.append(label).push_back('.');
    if (text.size() > longest_name_text) throw MalformedMessage("a DNS message has a name of more than 255 octets");
  }
  if (after) place_ = *after;
  if (!sound) return std::nullopt;
  return text.empty() ? Name() : Name::parse(text);
}

}  // namespace acmed::dns
