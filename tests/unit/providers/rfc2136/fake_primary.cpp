// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/providers/rfc2136/fake_primary.h"

#include "dns/wire.h"

namespace acmed::providers {
namespace {

using dns::Rcode;
using dns::Type;

constexpr std::uint16_t class_in = 1;
constexpr std::uint16_t class_none = 254;

struct Line {
  dns::Name name;
  std::uint16_t type = 0;
  std::uint16_t rr_class = 0;
  std::uint32_t ttl = 0;
  std::string data;
};

Line read_line(dns::WireReader& reader) {
  Line line;
  line.name = reader.name().value();
  line.type = reader.u16();
  line.rr_class = reader.u16();
  line.ttl = reader.u32();
  line.data = reader.octets(reader.u16());
  return line;
}

}  // namespace

FakePrimary::FakePrimary(Loop& loop, const std::string& address, dns::Name zone, std::optional<dns::TsigKey> key)
    : clock_(loop.clock()), zone_(std::move(zone)), key_(std::move(key)), server_(loop, address) {
  server_.handle([this](std::string_view request, Transport transport) { return respond(request, transport); });
}

std::optional<std::string> FakePrimary::respond(std::string_view request, Transport transport) {
  const auto message = dns::parse_message(request);
  if (message.opcode == dns::Opcode::update) return respond_to_update(request, transport);
  const auto& name = message.question->name;
  if (message.question->type == Type::txt && values.contains(name)) {
    dns::fake::Answer answer;
    for (const auto& value : values[name]) {
      answer.answer.push_back(dns::fake::txt(name.text(), value, ttls.contains(name) ? ttls[name] : 60));
    }
    return reply(request, answer);
  }
  if (message.question->type == Type::ns && name == zone_) {
    return reply(request, {.answer = {dns::fake::ns(zone_.text(), name_server)}});
  }
  if (answers_nothing || !name.is_within(zone_)) {
    return reply(request, {.rcode = Rcode::refused, .authoritative = false});
  }
  const auto soa = dns::fake::soa(zone_.text());
  if (name == zone_) return reply(request, {.answer = {soa}});
  return reply(request, {.rcode = Rcode::nxdomain, .authority = {soa}});
}

std::optional<std::string> FakePrimary::respond_to_update(std::string_view request, Transport transport) {
  ++updates;
  if (transport == Transport::tcp) ++tcp_updates;
  largest_update = std::max(largest_update, request.size());
  if (garbles) return std::string(request.substr(0, 7));
  if (cuts_datagrams && transport == Transport::udp) return reply(request, {.truncated = true});
  const auto said = rcode ? *rcode : tsig_error != 0 ? Rcode::notauth : carry_out(request);
  if (deaf_for > 0) {
    --deaf_for;
    return std::nullopt;
  }
  if (forged_first > 0) {
    --forged_first;
    return dns::fake::signed_reply(dns::fake::reply_to(request, {.rcode = Rcode::refused}), request,
                                   {{key_->name, key_->algorithm, Secret("guessed")}, clock_.now(), 0, {}});
  }
  return reply(request, {.rcode = said, .authoritative = false});
}

Rcode FakePrimary::carry_out(std::string_view update) {
  dns::WireReader reader(update);
  reader.octets(4);
  reader.u16();
  const auto prerequisites = reader.u16();
  const auto changes = reader.u16();
  reader.u16();
  const auto zone = reader.name();
  reader.octets(4);
  if (zone != zone_) return Rcode::notauth;

  for (unsigned i = 0; i < prerequisites; ++i) {
    const auto line = read_line(reader);
    const bool is_no_cname = line.type == static_cast<std::uint16_t>(Type::cname) && line.rr_class == class_none;
    const bool is_ours =
        line.type == static_cast<std::uint16_t>(Type::txt) || line.type == static_cast<std::uint16_t>(Type::tlsa);
    const bool is_no_txt = is_ours && line.rr_class == class_none;
    if (!(is_no_cname || is_no_txt) || line.ttl != 0 || !line.data.empty()) return Rcode::formerr;
    if (is_no_cname && aliases.contains(line.name)) return Rcode::yxrrset;
    if (is_no_txt && values.contains(line.name) && !values[line.name].empty()) return Rcode::yxrrset;
  }
  auto changed = values;
  auto new_ttls = ttls;
  for (unsigned i = 0; i < changes; ++i) {
    const auto line = read_line(reader);
    if (!line.name.is_within(zone_)) return Rcode::notzone;
    if (denied.contains(line.name)) return Rcode::refused;
    std::string value;
    for (dns::WireReader data(line.data); data.place() < line.data.size();) {
      value += data.octets(static_cast<std::uint8_t>(data.octets(1)[0]));
    }
    if (line.rr_class == class_in) {
      changed[line.name].insert(value);
      new_ttls[line.name] = line.ttl;
    } else if (line.rr_class == class_none && line.ttl == 0) {
      changed[line.name].erase(value);
    } else {
      return Rcode::formerr;
    }
  }
  for (const auto& [name, at_name] : changed) {
    if (at_name.size() > most_values) return Rcode::servfail;
  }
  values = std::move(changed);
  ttls = std::move(new_ttls);
  return Rcode::noerror;
}

std::string FakePrimary::reply(std::string_view request, const dns::fake::Answer& answer) const {
  auto wire = dns::fake::reply_to(request, answer);
  if (!key_ || !signs) return wire;
  const bool with_mac = tsig_error != 16 && tsig_error != 17;
  const bool is_update = (dns::WireReader(request.substr(2)).u16() & 0x7800) != 0;
  const bool is_signed = !dns::fake::mac_of(request).empty();
  if (!is_update && question_error != 0 && is_signed) {
    return dns::fake::signed_reply(dns::fake::reply_to(request, {.rcode = Rcode::notauth, .authoritative = false}),
                                   request, {*key_, clock_.now(), question_error, {}, false});
  }
  if (!is_signed) return wire;
  const auto error = is_update ? tsig_error : std::uint16_t{0};
  return dns::fake::signed_reply(
      std::move(wire), request,
      {*key_, clock_.now(), error, is_update ? tsig_other : std::string(), with_mac || !is_update});
}

}  // namespace acmed::providers
