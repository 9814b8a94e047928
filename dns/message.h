// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/error.h"
#include "dns/name.h"

namespace acmed::dns {

enum class Opcode : std::uint8_t { query = 0, update = 5 };

/// Record types; received messages may contain others.
enum class Type : std::uint16_t { a = 1, ns = 2, cname = 5, soa = 6, txt = 16, aaaa = 28, dname = 39, tlsa = 52 };

/// Response codes, including those of EDNS (RFC 6895 §2.3); received messages may contain others.
enum class Rcode : std::uint16_t {
  noerror = 0,
  formerr = 1,
  servfail = 2,
  nxdomain = 3,
  notimp = 4,
  refused = 5,
  yxdomain = 6,
  yxrrset = 7,
  nxrrset = 8,
  notauth = 9,
  notzone = 10,
  badvers = 16
};

/// "NXDOMAIN"; "RCODE23" for one without a name.
std::string to_text(Rcode rcode);

struct Question {
  Name name;
  Type type = Type::txt;
  friend bool operator==(const Question&, const Question&) = default;
};

struct Soa {
  Name primary;
  std::uint32_t serial = 0;
};
struct Target {
  Name name;  ///< the target of an NS, CNAME or DNAME record
};
struct Text {
  std::string value;  ///< the strings of one TXT record, joined
};
struct Address {
  std::string octets;  ///< 4 for an A, 16 for an AAAA record
};
struct Tlsa {
  std::string value;  ///< as tlsa_text() writes it (dns/tlsa.h)
};

/// One record of class IN; types not in Type come without data.
struct Record {
  Name owner;
  Type type = Type::txt;
  std::uint32_t ttl = 0;  ///< seconds
  std::variant<std::monostate, Soa, Target, Text, Address, Tlsa> data;
};

/// A received message. Omits records with names that none of our hosts or challenges could have (odd octets).
struct Message {
  std::uint16_t id = 0;
  Opcode opcode = Opcode::query;
  bool is_response = false;
  bool authoritative = false;
  bool truncated = false;
  Rcode rcode = Rcode::noerror;
  std::optional<Question> question;
  std::vector<Record> answer;
  std::vector<Record> authority;
  std::vector<Record> additional;
};

/// What was received is not a DNS message.
class MalformedMessage : public Retry {
 public:
  explicit MalformedMessage(const std::string& sentence) : Retry("dns:malformed", sentence) {}
};

/// Parses a message from an untrusted source. Throws MalformedMessage and nothing else, whatever the octets.
Message parse_message(std::string_view wire);

/// A message to be sent, and what its answer must repeat.
struct Request {
  std::uint16_t id = 0;
  Opcode opcode = Opcode::query;
  Question question;  ///< for an UPDATE: the zone and SOA
  std::string wire;
};

/// Whether `message` claims to be the answer to `request`: QR, id, opcode and question (RFC 5452 §9.1).
bool is_answer_to(const Message& message, const Request& request);

struct QueryOptions {
  bool recursion_desired = false;
  bool edns = true;  ///< with a UDP size of 1232, which no common path fragments
};
/// A query with a random id.
Request make_query(const Question& question, QueryOptions options);

/// One line of a dynamic update (RFC 2136 §2.4, §2.5).
struct UpdateEntry {
  enum class Kind { no_cname, no_records, add, remove };
  Kind kind = Kind::add;
  Name name;
  std::string value;      ///< of a TXT record: any octets, split into strings of 255; of a TLSA record: see dns/tlsa.h
  std::uint32_t ttl = 0;  ///< seconds; only for add
  Type type = Type::txt;  ///< of the record, or of those that must not be there: TXT or TLSA
};
/// An UPDATE of `zone` with a random id. Prerequisites may be anywhere among the entries. The caller keeps it below 64
/// KiB.
Request make_update(const Name& zone, const std::vector<UpdateEntry>& entries);

}  // namespace acmed::dns
