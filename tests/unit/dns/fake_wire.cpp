// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/dns/fake_wire.h"

#include <arpa/inet.h>

#include "base/crypto/digest.h"
#include "dns/endpoint.h"
#include "dns/wire.h"

namespace acmed::dns::fake {
namespace {

constexpr std::uint16_t response_bit = 0x8000;
constexpr std::uint16_t authoritative_bit = 0x0400;
constexpr std::uint16_t truncated_bit = 0x0200;
constexpr std::uint16_t opcode_bits = 0x7800;

std::string wire_name(std::string_view name) {
  std::string wire;
  append_name(wire, name.empty() ? Name() : Name(name));
  return wire;
}

/// Where the records begin: after the header and the one question.
std::size_t end_of_question(std::string_view message) {
  WireReader reader(message);
  reader.octets(header_size);
  reader.skip_name();
  reader.octets(4);
  return reader.place();
}

}  // namespace

std::string record(std::string_view owner, Type type, std::string_view data, std::uint16_t rr_class,
                   std::uint32_t ttl) {
  auto wire = wire_name(owner);
  append_u16(wire, static_cast<std::uint16_t>(type));
  append_u16(wire, rr_class);
  append_u32(wire, ttl);
  append_u16(wire, static_cast<std::uint16_t>(data.size()));
  return wire + std::string(data);
}

std::string txt(std::string_view owner, std::string_view value, std::uint32_t ttl) {
  return record(owner, Type::txt, std::string(1, static_cast<char>(value.size())) + std::string(value), 1, ttl);
}

std::string soa(std::string_view zone) {
  auto data = wire_name("ns1.invalid") + wire_name("hostmaster.invalid");
  for (const std::uint32_t number : {7U, 1U, 1U, 1U, 1U}) append_u32(data, number);
  return record(zone, Type::soa, data);
}

std::string ns(std::string_view zone, std::string_view host) {
  return record(zone, Type::ns, wire_name(host));
}

std::string cname(std::string_view owner, std::string_view target) {
  return record(owner, Type::cname, wire_name(target));
}

std::string dname(std::string_view owner, std::string_view target) {
  return record(owner, Type::dname, wire_name(target));
}

std::string address(std::string_view owner, std::string_view address) {
  std::string octets(16, '\0');
  if (inet_pton(AF_INET, std::string(address).c_str(), octets.data()) == 1) {
    return record(owner, Type::a, octets.substr(0, 4));
  }
  inet_pton(AF_INET6, std::string(address).c_str(), octets.data());
  return record(owner, Type::aaaa, octets);
}

std::string reply_to(std::string_view query, const Answer& answer) {
  WireReader reader(query);
  std::string wire;
  append_u16(wire, reader.u16());
  unsigned flags = response_bit | (reader.u16() & opcode_bits) | static_cast<unsigned>(answer.rcode);
  if (answer.authoritative) flags |= authoritative_bit;
  if (answer.truncated) flags |= truncated_bit;
  append_u16(wire, static_cast<std::uint16_t>(flags));
  append_u16(wire, 1);
  for (const auto* section : {&answer.answer, &answer.authority, &answer.additional}) {
    append_u16(wire, static_cast<std::uint16_t>(section->size()));
  }
  wire += query.substr(header_size, end_of_question(query) - header_size);
  for (const auto* section : {&answer.answer, &answer.authority, &answer.additional}) {
    for (const auto& each : *section) wire += each;
  }
  return wire;
}

std::string mac_of(std::string_view request) {
  WireReader reader(request);
  reader.octets(6);
  unsigned records = reader.u16();
  records += reader.u16();
  records += reader.u16();
  reader.skip_name();
  reader.octets(4);
  for (unsigned i = 0; i < records; ++i) {
    reader.skip_name();
    const auto type = reader.u16();
    reader.octets(6);
    const auto data = reader.octets(reader.u16());
    if (type != 250) continue;
    WireReader tsig(data);
    tsig.skip_name();
    tsig.octets(8);
    return std::string(tsig.octets(tsig.u16()));
  }
  return {};
}

std::string signed_reply(std::string reply, std::string_view request, const Signing& signing) {
  const auto key_name = wire_name(signing.key.name.text());
  const auto algorithm =
      wire_name(signing.key.algorithm == crypto::Digest::md5 ? "hmac-md5.sig-alg.reg.int"
                                                             : tsig_algorithm_text(signing.key.algorithm));
  std::string times;
  append_u48(times, static_cast<std::uint64_t>(
                        std::chrono::floor<std::chrono::seconds>(signing.time).time_since_epoch().count()));
  append_u16(times, 300);
  std::string error;
  append_u16(error, signing.error);
  append_u16(error, static_cast<std::uint16_t>(signing.other.size()));
  error += signing.other;

  std::string mac;
  if (signing.with_mac) {
    std::string covered;
    const auto request_mac = mac_of(request);
    append_u16(covered, static_cast<std::uint16_t>(request_mac.size()));
    covered += request_mac + reply + key_name + std::string("\x00\xff\x00\x00\x00\x00", 6) + algorithm + times + error;
    mac = crypto::hmac(signing.key.algorithm, signing.key.secret.reveal(), covered);
  }
  std::string data = algorithm + times;
  append_u16(data, static_cast<std::uint16_t>(mac.size()));
  data += mac + reply.substr(0, 2) + error;

  WireReader counts(reply);
  counts.octets(10);
  set_u16(reply, 10, static_cast<std::uint16_t>(counts.u16() + 1));
  reply += key_name;
  append_u16(reply, 250);
  append_u16(reply, 255);
  append_u32(reply, 0);
  append_u16(reply, static_cast<std::uint16_t>(data.size()));
  return reply + data;
}

}  // namespace acmed::dns::fake
