// SPDX-License-Identifier: Apache-2.0
// Messages octet by octet, written down as RFC 1035 §4 draws them, so that the code under test does not check itself.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "dns/responder/zones.h"

namespace acmed::dns::responder {

inline std::string u16(unsigned value) {
  return {static_cast<char>(value >> 8), static_cast<char>(value & 0xff)};
}
inline std::string u32(std::uint32_t value) {
  return u16(value >> 16) + u16(value & 0xffff);
}

/// In the case in which it is written.
inline std::string wire_name(std::string_view text) {
  std::string wire;
  while (!text.empty()) {
    const auto label = text.substr(0, text.find('.'));
    wire += static_cast<char>(label.size()) + std::string(label);
    text.remove_prefix(std::min(text.size(), label.size() + 1));
  }
  return wire + '\0';
}

struct Counts {
  unsigned questions = 0;
  unsigned answers = 0;
  unsigned authorities = 0;
  unsigned additionals = 0;
};

inline std::string header(unsigned flags, Counts counts) {
  return "\x12\x34" + u16(flags) + u16(counts.questions) + u16(counts.answers) + u16(counts.authorities) +
         u16(counts.additionals);
}

constexpr unsigned txt = 16;
constexpr unsigned class_in = 1;

inline std::string question(std::string_view name, unsigned type = txt, unsigned rr_class = class_in) {
  return wire_name(name) + u16(type) + u16(rr_class);
}

inline std::string record(const std::string& owner, unsigned type, std::uint32_t ttl, const std::string& data) {
  return owner + u16(type) + u16(class_in) + u32(ttl) + u16(static_cast<unsigned>(data.size())) + data;
}

/// The name of the question, or what is so many octets further in it.
inline std::string in_question(unsigned offset = 0) {
  return u16(0xc000 + 12 + offset);
}

inline std::string strings(const std::vector<std::string>& all) {
  std::string data;
  for (const auto& each : all) data += static_cast<char>(each.size()) + each;
  return data;
}

/// An OPT record (RFC 6891 §6.1.2).
inline std::string opt(unsigned size, std::uint32_t ttl = 0, const std::string& options = "") {
  return '\0' + u16(41) + u16(size) + u32(ttl) + u16(static_cast<unsigned>(options.size())) + options;
}

inline std::string query(std::string_view name, unsigned type = txt, unsigned rr_class = class_in) {
  return header(0, {1, 0, 0, 0}) + question(name, type, rr_class);
}

inline std::string edns_query(std::string_view name, unsigned type = txt, unsigned size = 4096) {
  return header(0, {1, 0, 0, 1}) + question(name, type) + opt(size);
}

}  // namespace acmed::dns::responder
