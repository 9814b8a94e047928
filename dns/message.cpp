// SPDX-License-Identifier: Apache-2.0
#include "dns/message.h"

#include <ldns/ldns.h>

#include <array>
#include <cstring>
#include <memory>

#include "base/crypto/digest.h"
#include "dns/tlsa.h"
#include "dns/wire.h"

namespace acmed::dns {
namespace {

constexpr std::uint16_t edns_udp_size = 1232;  // DNS flag day 2020
constexpr std::size_t longest_string = 255;
constexpr std::uint16_t type_tsig = 250;

template <auto free_object>
struct FreeBy {
  template <class Object>
  void operator()(Object* object) const noexcept {
    free_object(object);
  }
};
using Packet = std::unique_ptr<ldns_pkt, FreeBy<ldns_pkt_free>>;
using Rdata = std::unique_ptr<ldns_rdf, FreeBy<ldns_rdf_deep_free>>;
using ResourceRecord = std::unique_ptr<ldns_rr, FreeBy<ldns_rr_free>>;
using RecordList = std::unique_ptr<ldns_rr_list, FreeBy<ldns_rr_list_deep_free>>;
using Octets = std::unique_ptr<std::uint8_t, FreeBy<std::free>>;

/// ldns returns a null pointer only when memory has run out: our own names and values are checked before.
template <class Owner>
Owner made(Owner owner) {
  if (!owner) throw std::bad_alloc();
  return owner;
}

std::uint16_t random_id() {
  const auto octets = crypto::random_bytes(2);
  std::uint16_t id = 0;
  std::memcpy(&id, octets.data(), sizeof id);
  return id;
}

Rdata to_rdata(const Name& name) {
  return made(Rdata(ldns_dname_new_frm_str(name.with_dot().c_str())));
}

std::string to_wire(const ldns_pkt* packet) {
  std::uint8_t* wire = nullptr;
  std::size_t size = 0;
  if (ldns_pkt2wire(&wire, packet, &size) != LDNS_STATUS_OK) throw std::bad_alloc();
  const Octets owner(wire);
  return {reinterpret_cast<const char*>(wire), size};
}

ResourceRecord make_record(const Name& owner, ldns_rr_type type, ldns_rr_class rr_class, std::uint32_t ttl) {
  auto record = made(ResourceRecord(ldns_rr_new()));
  ldns_rr_set_owner(record.get(), to_rdata(owner).release());
  ldns_rr_set_type(record.get(), type);
  ldns_rr_set_class(record.get(), rr_class);
  ldns_rr_set_ttl(record.get(), ttl);
  return record;
}

/// Raw strings, not presentation format: ldns would read `;`, `\` and blanks in a value as syntax.
void push_text(ldns_rr* record, std::string_view value) {
  do {
    const auto part = value.substr(0, longest_string);
    std::string data(1, static_cast<char>(part.size()));
    data.append(part);
    ldns_rr_push_rdf(record, made(Rdata(ldns_rdf_new_frm_data(LDNS_RDF_TYPE_STR, data.size(), data.data()))).release());
    value.remove_prefix(part.size());
  } while (!value.empty());
}

void push_data(ldns_rr* record, const UpdateEntry& entry) {
  if (entry.type != Type::tlsa) return push_text(record, entry.value);
  const auto data = tlsa_octets(entry.value);
  if (!data) throw std::invalid_argument("no data of a TLSA record: " + entry.value);
  ldns_rr_push_rdf(record, made(Rdata(ldns_rdf_new_frm_data(LDNS_RDF_TYPE_HEX, data->size(), data->data()))).release());
}

ResourceRecord to_record(const UpdateEntry& entry) {
  const auto type = static_cast<ldns_rr_type>(entry.type);
  switch (entry.kind) {
    case UpdateEntry::Kind::no_cname:  // RFC 2136 §2.4.3: RRset does not exist
      return make_record(entry.name, LDNS_RR_TYPE_CNAME, LDNS_RR_CLASS_NONE, 0);
    case UpdateEntry::Kind::no_records:
      return make_record(entry.name, type, LDNS_RR_CLASS_NONE, 0);
    case UpdateEntry::Kind::add: {  // §2.5.1
      auto record = make_record(entry.name, type, LDNS_RR_CLASS_IN, entry.ttl);
      push_data(record.get(), entry);
      return record;
    }
    case UpdateEntry::Kind::remove: {  // §2.5.4: delete an RR from an RRset
      auto record = make_record(entry.name, type, LDNS_RR_CLASS_NONE, 0);
      push_data(record.get(), entry);
      return record;
    }
  }
  throw std::invalid_argument("an unknown kind of update entry");
}

/// Walks over all records by our own reader before ldns sees them: it would leak all but the last of several TSIG
/// records (ldns issue 317).
void check_records(std::string_view wire) {
  WireReader reader(wire);
  reader.octets(4);
  const auto questions = reader.u16();
  unsigned records = reader.u16();
  records += reader.u16();
  records += reader.u16();
  for (unsigned i = 0; i < questions; ++i) {
    reader.skip_name();
    reader.octets(4);
  }
  unsigned signatures = 0;
  for (unsigned i = 0; i < records; ++i) {
    reader.skip_name();
    if (reader.u16() == type_tsig) ++signatures;
    reader.octets(6);
    reader.octets(reader.u16());
  }
  if (signatures > 1) throw MalformedMessage("a DNS message has more than one TSIG record");
}

std::string_view octets_of(const ldns_rdf* data) {
  if (data == nullptr) return {};
  return {reinterpret_cast<const char*>(ldns_rdf_data(data)), ldns_rdf_size(data)};
}

std::optional<Name> to_name(const ldns_rdf* data) {
  // ldns has decompressed it already.
  return data == nullptr ? std::nullopt : WireReader(octets_of(data)).name();
}

std::string joined_strings(const ldns_rr* record) {
  std::string value;
  for (std::size_t i = 0; i < ldns_rr_rd_count(record); ++i) {
    const auto string = octets_of(ldns_rr_rdf(record, i));
    if (!string.empty()) value.append(string.substr(1, static_cast<std::uint8_t>(string.front())));
  }
  return value;
}

/// Nothing for a record that is of another class, or whose names we could not have.
std::optional<Record> to_record(const ldns_rr* from) {
  const auto owner = to_name(ldns_rr_owner(from));
  if (!owner || ldns_rr_get_class(from) != LDNS_RR_CLASS_IN) return std::nullopt;
  Record record{*owner, static_cast<Type>(ldns_rr_get_type(from)), ldns_rr_ttl(from), {}};
  switch (record.type) {
    case Type::ns:
    case Type::cname:
    case Type::dname: {
      const auto target = to_name(ldns_rr_rdf(from, 0));
      if (!target) return std::nullopt;
      record.data = Target{*target};
      break;
    }
    case Type::soa: {
      const auto serial = octets_of(ldns_rr_rdf(from, 2));
      if (serial.size() != 4) return std::nullopt;
      record.data = Soa{to_name(ldns_rr_rdf(from, 0)).value_or(Name()), WireReader(serial).u32()};
      break;
    }
    case Type::txt:
      record.data = Text{joined_strings(from)};
      break;
    case Type::a:
    case Type::aaaa: {
      const auto octets = octets_of(ldns_rr_rdf(from, 0));
      if (octets.size() != (record.type == Type::a ? 4U : 16U)) return std::nullopt;
      record.data = Address{std::string(octets)};
      break;
    }
    case Type::tlsa: {
      std::string octets;
      for (std::size_t i = 0; i < ldns_rr_rd_count(from); ++i) octets += octets_of(ldns_rr_rdf(from, i));
      const auto text = tlsa_text(octets);
      if (!text) return std::nullopt;
      record.data = Tlsa{*text};
      break;
    }
    default:
      break;
  }
  return record;
}

std::vector<Record> to_records(const ldns_rr_list* list) {
  std::vector<Record> records;
  records.reserve(ldns_rr_list_rr_count(list));
  for (std::size_t i = 0; i < ldns_rr_list_rr_count(list); ++i) {
    if (auto record = to_record(ldns_rr_list_rr(list, i))) records.push_back(*std::move(record));
  }
  return records;
}

std::optional<Question> to_question(const ldns_rr_list* list) {
  if (ldns_rr_list_rr_count(list) != 1) return std::nullopt;
  const auto* record = ldns_rr_list_rr(list, 0);
  const auto name = to_name(ldns_rr_owner(record));
  if (!name || ldns_rr_get_class(record) != LDNS_RR_CLASS_IN) return std::nullopt;
  return Question{*name, static_cast<Type>(ldns_rr_get_type(record))};
}

}  // namespace

std::string to_text(Rcode rcode) {
  static constexpr std::array names = {"NOERROR",  "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED",
                                       "YXDOMAIN", "YXRRSET", "NXRRSET",  "NOTAUTH",  "NOTZONE"};
  const auto number = static_cast<std::size_t>(rcode);
  if (number < names.size()) return names.at(number);
  if (rcode == Rcode::badvers) return "BADVERS";
  return "RCODE" + std::to_string(number);
}

Message parse_message(std::string_view wire) {
  if (wire.size() > largest_message) throw MalformedMessage("a DNS message has more than 65,535 octets");
  check_records(wire);
  ldns_pkt* parsed = nullptr;
  const auto status = ldns_wire2pkt(&parsed, reinterpret_cast<const std::uint8_t*>(wire.data()), wire.size());
  if (status != LDNS_STATUS_OK) {
    throw MalformedMessage(std::string("a DNS message cannot be read: ") + ldns_get_errorstr_by_id(status));
  }
  const Packet packet(parsed);

  Message message;
  message.id = ldns_pkt_id(parsed);
  message.opcode = static_cast<Opcode>(ldns_pkt_get_opcode(parsed));
  message.is_response = ldns_pkt_qr(parsed);
  message.authoritative = ldns_pkt_aa(parsed);
  message.truncated = ldns_pkt_tc(parsed);
  message.rcode = static_cast<Rcode>((unsigned{ldns_pkt_edns_extended_rcode(parsed)} << 4) |
                                     static_cast<unsigned>(ldns_pkt_get_rcode(parsed)));
  message.question = to_question(ldns_pkt_question(parsed));
  message.answer = to_records(ldns_pkt_answer(parsed));
  message.authority = to_records(ldns_pkt_authority(parsed));
  message.additional = to_records(ldns_pkt_additional(parsed));
  return message;
}

bool is_answer_to(const Message& message, const Request& request) {
  if (!message.is_response || message.id != request.id || message.opcode != request.opcode) return false;
  if (message.question) return *message.question == request.question;
  // Servers that refuse or do not understand may leave the question out; so may any answer to an UPDATE.
  return message.opcode == Opcode::update ||
         (message.rcode != Rcode::noerror && message.rcode != Rcode::nxdomain && message.answer.empty());
}

Request make_query(const Question& question, QueryOptions options) {
  const auto id = random_id();
  const Packet packet(ldns_pkt_query_new(to_rdata(question.name).release(), static_cast<ldns_rr_type>(question.type),
                                         LDNS_RR_CLASS_IN, options.recursion_desired ? LDNS_RD : 0));
  if (!packet) throw std::bad_alloc();
  ldns_pkt_set_id(packet.get(), id);
  if (options.edns) ldns_pkt_set_edns_udp_size(packet.get(), edns_udp_size);
  return {id, Opcode::query, question, to_wire(packet.get())};
}

Request make_update(const Name& zone, const std::vector<UpdateEntry>& entries) {
  const auto prerequisites = made(RecordList(ldns_rr_list_new()));
  const auto updates = made(RecordList(ldns_rr_list_new()));
  for (const auto& entry : entries) {
    const bool is_prerequisite =
        entry.kind == UpdateEntry::Kind::no_cname || entry.kind == UpdateEntry::Kind::no_records;
    auto* list = is_prerequisite ? prerequisites.get() : updates.get();
    auto record = to_record(entry);
    if (!ldns_rr_list_push_rr(list, record.get())) throw std::bad_alloc();
    [[maybe_unused]] const auto* owned_by_list = record.release();
  }
  const auto id = random_id();
  const Packet packet(
      ldns_update_pkt_new(to_rdata(zone).release(), LDNS_RR_CLASS_IN, prerequisites.get(), updates.get(), nullptr));
  if (!packet) throw std::bad_alloc();
  ldns_pkt_set_id(packet.get(), id);
  ldns_pkt_set_rd(packet.get(), false);  // ldns sets it; an UPDATE has no such bit (RFC 2136 §2.2)
  return {id, Opcode::update, {zone, Type::soa}, to_wire(packet.get())};
}

}  // namespace acmed::dns
