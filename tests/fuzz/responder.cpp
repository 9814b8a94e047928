// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cstdint>
#include <cstdlib>

#include "dns/message.h"
#include "dns/responder/answer.h"
#include "dns/wire.h"

using namespace acmed::dns;
using responder::Carrier;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

responder::Zones zones_with_values() {
  const auto addresses = std::vector{*Endpoint::parse("192.0.2.1"), *Endpoint::parse("2001:db8::1")};
  responder::Zones zones({{Name("acme.test"), Name("ns.acme.test"), addresses, Name("hostmaster.acme.test")},
                          {Name("in.acme.test"), Name("ns.other.test"), {}, Name("hostmaster.other.test")}},
                         1);
  for (const auto* name : {"acme.test", "a.b.acme.test", "x.in.acme.test"}) zones.add(Name(name), "value", 60);
  for (int i = 0; i < 20; ++i) zones.add(Name("some.acme.test"), std::string(40, static_cast<char>(i)), 60);
  for (int i = 0; i < 500; ++i) zones.add(Name("many.acme.test"), std::to_string(i) + std::string(100, 'x'), 60);
  zones.commit(2);
  return zones;
}

/// Octets as they are, or after a header and a name that it would take long to find.
std::string message_of(std::string_view octets) {
  static constexpr std::array names = {"acme.test",      "ns.acme.test",   "a.b.acme.test", "b.acme.test",
                                       "some.acme.test", "many.acme.test", "in.acme.test",  "no.x.in.acme.test",
                                       "other.test",     "NS.Acme.tEST"};
  const auto choice = octets.empty() ? 0U : static_cast<std::uint8_t>(octets[0]);
  if (octets.size() < 6 || choice / 3 >= names.size()) return std::string(octets.substr(!octets.empty()));
  std::string wire(octets.substr(1, 4));
  append_u16(wire, 1);
  append_u32(wire, 0);
  append_u16(wire, static_cast<std::uint8_t>(octets[5]));
  append_name(wire, Name(names[choice / 3]));
  return wire + std::string(octets.substr(6));
}

}  // namespace

/// Whatever octets come, there is silence, or an answer that can be read, fits, and answers just this.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto zones = zones_with_values();
  static responder::Cookies cookies(acmed::Secret(std::string(16, 'k')));
  static const responder::Asker asker;
  static std::array<char, largest_message> out;
  const std::string_view octets(reinterpret_cast<const char*>(data), size);
  const auto carrier = static_cast<Carrier>(octets.empty() ? 0 : static_cast<std::uint8_t>(octets[0]) % 3);
  const auto query = message_of(octets);

  const auto room = carrier == Carrier::stream ? out.size() : responder::largest_datagram;
  const std::string_view said(out.data(),
                              responder::answer(zones, cookies, query, asker, std::span(out).first(room), carrier));
  const bool is_question = query.size() >= header_size && (query[2] & 0x80) == 0;
  require(said.empty() != is_question);
  if (said.empty()) return 0;

  require(said.size() <= room);
  require(said.substr(0, 2) == query.substr(0, 2));
  const auto message = parse_message(said);
  require(message.is_response);
  require(static_cast<unsigned>(message.opcode) == ((static_cast<unsigned>(query[2]) >> 3) & 0xf));
  require((said[3] & 0xf0) == 0);  // RA, Z, AD, CD
  const auto count = [&](std::size_t place) { return WireReader(said.substr(place)).u16(); };
  const bool repeats = count(4) == 1;
  if (repeats) {
    auto question = WireReader(said);
    question.octets(header_size);
    question.skip_name();
    question.octets(4);
    require(query.substr(header_size, question.place() - header_size) ==
            said.substr(header_size, question.place() - header_size));
    require(said.size() <= 512 || carrier == Carrier::stream || WireReader(query.substr(10)).u16() > 0);
  } else {
    require(said.size() == header_size);
    require(message.rcode == Rcode::formerr || message.rcode == Rcode::notimp);
  }
  switch (message.rcode) {
    case Rcode::noerror:
      require(message.authoritative);
      require(message.truncated ? count(6) + count(8) == 0 : (count(6) == 0) != (count(8) == 0));
      break;
    case Rcode::nxdomain:
      require(message.authoritative && count(6) == 0 && (count(8) == 1 || message.truncated));
      break;
    case Rcode::formerr:
    case Rcode::notimp:
    case Rcode::refused:
    case Rcode::badvers:
      require(!message.authoritative && !message.truncated && count(6) + count(8) == 0);
      break;
    default:
      std::abort();
  }
  static std::array<char, largest_message> echo;
  require(responder::answer(zones, cookies, said, asker, echo, Carrier::stream) == 0);
  return 0;
}
