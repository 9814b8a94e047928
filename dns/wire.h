// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "dns/name.h"

namespace acmed::dns {

constexpr std::size_t header_size = 12;
constexpr std::size_t largest_message = 65'535;

/// Appends `value` in network byte order.
void append_u16(std::string& wire, std::uint16_t value);
void append_u32(std::string& wire, std::uint32_t value);
void append_u48(std::string& wire, std::uint64_t value);
/// Appends `name` uncompressed and in lower case: its canonical form (RFC 4034 §6.2).
void append_name(std::string& wire, const Name& name);

/// Replaces the 16 bits at offset `place`.
void set_u16(std::string& wire, std::size_t place, std::uint16_t value);

/// Reads a message front to back. Every call throws MalformedMessage when the octets end too soon.
class WireReader {
 public:
  explicit WireReader(std::string_view wire) noexcept : wire_(wire) {}

  std::size_t place() const noexcept { return place_; }
  std::uint16_t u16();
  std::uint32_t u32();
  std::uint64_t u48();
  std::string_view octets(std::size_t count);
  void skip_name();
  /// A name, compressed or not; nothing when it has octets that a Name cannot hold.
  std::optional<Name> name();

 private:
  std::string_view wire_;
  std::size_t place_ = 0;
};

}  // namespace acmed::dns
