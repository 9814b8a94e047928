// SPDX-License-Identifier: Apache-2.0
#include "dns/tsig.h"

#include <fmt/format.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <utility>

#include "base/error.h"
#include "dns/message.h"
#include "dns/wire.h"

namespace acmed::dns {
namespace {

constexpr std::uint16_t type_tsig = 250;
constexpr std::uint16_t class_any = 255;
constexpr std::uint16_t fudge_seconds = 300;  // RFC 8945 §10 recommends it
constexpr std::size_t arcount_place = 10;

enum TsigError : std::uint16_t { none = 0, badsig = 16, badkey = 17, badtime = 18, badtrunc = 22 };

struct Algorithm {
  crypto::Digest digest;
  std::string_view text;       ///< as an operator writes it
  std::string_view wire_name;  ///< RFC 8945 §6
};
constexpr std::array algorithms = {
    Algorithm{crypto::Digest::md5, "hmac-md5", "hmac-md5.sig-alg.reg.int"},
    Algorithm{crypto::Digest::sha1, "hmac-sha1", "hmac-sha1"},
    Algorithm{crypto::Digest::sha224, "hmac-sha224", "hmac-sha224"},
    Algorithm{crypto::Digest::sha256, "hmac-sha256", "hmac-sha256"},
    Algorithm{crypto::Digest::sha384, "hmac-sha384", "hmac-sha384"},
    Algorithm{crypto::Digest::sha512, "hmac-sha512", "hmac-sha512"},
};

const Algorithm& algorithm_of(crypto::Digest digest) {
  for (const auto& algorithm : algorithms) {
    if (algorithm.digest == digest) return algorithm;
  }
  throw std::invalid_argument("an unknown TSIG algorithm");
}

std::uint64_t unix_seconds(Time time) {
  return static_cast<std::uint64_t>(std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count());
}

/// The fields of a TSIG record (RFC 8945 §4.2).
struct TsigRecord {
  std::optional<Name> key_name;
  std::optional<Name> algorithm;
  std::uint64_t time = 0;
  std::uint16_t fudge = 0;
  std::string mac;
  std::uint16_t original_id = 0;
  std::uint16_t error = none;
  std::string other;
};

/// The part of the digest that follows the message (RFC 8945 §4.3.3).
std::string variables(const TsigRecord& record) {
  std::string text;
  append_name(text, record.key_name.value_or(Name()));
  append_u16(text, class_any);
  append_u32(text, 0);
  append_name(text, record.algorithm.value_or(Name()));
  append_u48(text, record.time);
  append_u16(text, record.fudge);
  append_u16(text, record.error);
  append_u16(text, static_cast<std::uint16_t>(record.other.size()));
  return text + record.other;
}

void append_record(std::string& wire, const TsigRecord& record) {
  std::string data;
  append_name(data, record.algorithm.value_or(Name()));
  append_u48(data, record.time);
  append_u16(data, record.fudge);
  append_u16(data, static_cast<std::uint16_t>(record.mac.size()));
  data += record.mac;
  append_u16(data, record.original_id);
  append_u16(data, record.error);
  append_u16(data, static_cast<std::uint16_t>(record.other.size()));
  data += record.other;

  append_name(wire, record.key_name.value_or(Name()));
  append_u16(wire, type_tsig);
  append_u16(wire, class_any);
  append_u32(wire, 0);
  append_u16(wire, static_cast<std::uint16_t>(data.size()));
  wire += data;
}

struct Answer {
  Rcode rcode = Rcode::noerror;
  std::string unsigned_wire;  ///< as it was when the server signed it (RFC 8945 §4.3.2)
  std::optional<TsigRecord> tsig;
};

TsigRecord read_record(WireReader& reader, std::optional<Name> owner) {
  TsigRecord record;
  record.key_name = std::move(owner);
  record.algorithm = reader.name();
  record.time = reader.u48();
  record.fudge = reader.u16();
  record.mac = reader.octets(reader.u16());
  record.original_id = reader.u16();
  record.error = reader.u16();
  record.other = reader.octets(reader.u16());
  return record;
}

/// Finds the TSIG record, which must be the last of the message (RFC 8945 §5.1).
Answer read_answer(std::string_view wire) {
  WireReader reader(wire);
  reader.u16();
  Answer answer;
  answer.rcode = static_cast<Rcode>(reader.u16() & 0xf);
  const auto questions = reader.u16();
  unsigned others = reader.u16();
  others += reader.u16();
  const auto additional = reader.u16();
  for (unsigned i = 0; i < questions; ++i) {
    reader.skip_name();
    reader.octets(4);
  }
  if (additional == 0) return answer;
  for (unsigned i = 0; i + 1 < others + additional; ++i) {
    reader.skip_name();
    if (reader.u16() == type_tsig) throw MalformedMessage("a TSIG record is not the last of its message");
    reader.octets(6);
    reader.octets(reader.u16());
  }

  const auto start = reader.place();
  auto owner = reader.name();
  if (reader.u16() != type_tsig) return answer;
  const bool class_and_ttl = reader.u16() == class_any && reader.u32() == 0;
  const std::size_t length = reader.u16();
  const auto data = reader.place();
  answer.tsig = read_record(reader, std::move(owner));
  if (!class_and_ttl || reader.place() != data + length) throw MalformedMessage("a TSIG record is not sound");
  answer.unsigned_wire = wire.substr(0, start);
  set_u16(answer.unsigned_wire, 0, answer.tsig->original_id);
  set_u16(answer.unsigned_wire, arcount_place, static_cast<std::uint16_t>(additional - 1));
  return answer;
}

[[noreturn]] void throw_unsigned(const Answer& answer, const TsigKey& key, const std::string& server) {
  // PowerDNS leaves the TSIG record with the error out (RFC 8945 §5.2 wants it there).
  const auto* why =
      answer.rcode == Rcode::notauth
          ? "either the key's name, algorithm, secret or time is not what the server has, as PowerDNS says "
            "it without more, or something between answers in its place"
          : "either it does not use TSIG, or something between answers in its place";
  const auto sentence = fmt::format("{} answered {} without a signature to a message signed with the TSIG key {}: {}",
                                    server, to_text(answer.rcode), key.name.text(), why);
  if (answer.rcode == Rcode::servfail) throw Retry("tsig:unsigned", sentence);
  throw Refused("tsig:unsigned", sentence);
}

/// BADKEY and BADSIG come without a signature (RFC 8945 §5.2): good enough to tell the operator, to nothing else.
void throw_if_key_is_refused(const TsigRecord& record, const TsigKey& key, const std::string& server) {
  const auto algorithm = tsig_algorithm_text(key.algorithm);
  if (record.error == badkey) {
    throw Refused("tsig:BADKEY",
                  fmt::format("{} does not know the TSIG key {} with {}: name and algorithm must be as in the server's "
                              "own configuration",
                              server, key.name.text(), algorithm));
  }
  if (record.error == badsig) {
    throw Refused("tsig:BADSIG", fmt::format("{} knows the TSIG key {} but finds the signature wrong: the secret here "
                                             "is not the server's",
                                             server, key.name.text()));
  }
  if (record.error == badtrunc) {
    throw Refused("tsig:BADTRUNC", fmt::format("{} finds the signature of the TSIG key {} too short for {}", server,
                                               key.name.text(), algorithm));
  }
}

void check_signature(std::string_view unsigned_wire, const TsigRecord& record, const TsigKey& key,
                     std::string_view request_mac, const std::string& server) {
  std::string signed_octets;
  append_u16(signed_octets, static_cast<std::uint16_t>(request_mac.size()));
  signed_octets += request_mac;
  signed_octets += unsigned_wire;
  signed_octets += variables(record);
  const auto mac = crypto::hmac(key.algorithm, key.secret.reveal(), signed_octets);
  if (record.key_name != key.name || record.algorithm != Name(algorithm_of(key.algorithm).wire_name) ||
      !crypto::equal_in_constant_time(mac, record.mac)) {
    throw Retry("tsig:forged",
                fmt::format("the answer of {} is not signed with the TSIG key {}: it may be forged, or the secret here "
                            "is not the server's",
                            server, key.name.text()));
  }
}

[[noreturn]] void throw_clocks_differ(std::uint64_t server_time, Time now, const std::string& server) {
  const auto own = static_cast<std::int64_t>(unix_seconds(now));
  const auto ahead = static_cast<std::int64_t>(server_time) - own;
  throw Retry("tsig:BADTIME",
              fmt::format("the clock of this host and of {} differ by {} s, more than TSIG allows: set the clock that "
                          "is wrong (here it is {}, there {})",
                          server, std::abs(ahead), to_rfc3339(now),
                          to_rfc3339(to_time(std::chrono::sys_seconds(std::chrono::seconds(server_time))))));
}

}  // namespace

std::optional<crypto::Digest> tsig_algorithm_from(std::string_view text) {
  if (text.ends_with('.')) text.remove_suffix(1);
  for (const auto& algorithm : algorithms) {
    if (text == algorithm.text || text == algorithm.wire_name) return algorithm.digest;
  }
  return std::nullopt;
}

std::string_view tsig_algorithm_text(crypto::Digest algorithm) {
  return algorithm_of(algorithm).text;
}

SignedMessage tsig_sign(std::string wire, const TsigKey& key, Time now) {
  WireReader header(wire);
  TsigRecord record;
  record.key_name = key.name;
  record.algorithm = Name(algorithm_of(key.algorithm).wire_name);
  record.time = unix_seconds(now);
  record.fudge = fudge_seconds;
  record.original_id = header.u16();
  record.mac = crypto::hmac(key.algorithm, key.secret.reveal(), wire + variables(record));

  header.octets(arcount_place - 2);
  set_u16(wire, arcount_place, static_cast<std::uint16_t>(header.u16() + 1));
  append_record(wire, record);
  return {std::move(wire), std::move(record.mac)};
}

void tsig_verify(std::string_view wire, const TsigKey& key, std::string_view request_mac, Time now,
                 const std::string& server) {
  const auto answer = read_answer(wire);
  if (!answer.tsig) throw_unsigned(answer, key, server);
  const auto& record = *answer.tsig;
  if (record.mac.empty()) {
    throw_if_key_is_refused(record, key, server);
    throw_unsigned(answer, key, server);
  }
  check_signature(answer.unsigned_wire, record, key, request_mac, server);
  // The server repeats our own time in a BADTIME answer, and puts its own into the other data (RFC 8945 §5.2.3).
  if (record.error == badtime) {
    throw_clocks_differ(record.other.size() == 6 ? WireReader(record.other).u48() : record.time, now, server);
  }
  throw_if_key_is_refused(record, key, server);
  if (record.error != none) {
    throw Refused(fmt::format("tsig:{}", record.error), fmt::format("{} answers with the TSIG error {} to the key {}",
                                                                    server, record.error, key.name.text()));
  }
  const auto own_time = unix_seconds(now);
  const auto apart = own_time > record.time ? own_time - record.time : record.time - own_time;
  if (apart > record.fudge) throw_clocks_differ(record.time, now, server);
}

}  // namespace acmed::dns
