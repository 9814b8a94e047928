// SPDX-License-Identifier: Apache-2.0
#include "dns/tlsa.h"

#include "dns/verdict.h"
#include "dns/wire.h"
#include "tests/unit/catch.h"
#include "tests/unit/dns/fake_wire.h"

namespace acmed::dns {

SCENARIO("the data of a TLSA record is one text, however it was written") {
  const std::string digest(32, '\xab');
  std::string text = "3 1 1 ";
  for (int i = 0; i < 32; ++i) text += "ab";
  CHECK(tlsa_text(std::string("\x03\x01\x01") + digest) == text);
  CHECK(tlsa_octets(text) == std::string("\x03\x01\x01") + digest);
  CHECK(tlsa_octets("3 1\t1 AB ab") == std::string("\x03\x01\x01\xab\xab"));
  CHECK(tlsa_octets("255 0 2 00") == std::string("\xff\0\x02\0", 4));
  CHECK(tlsa_of_key("ABCD") == "3 1 1 abcd");
  THEN("what is none is refused") {
    for (const auto* bad :
         {"", "3", "3 1 1", "3 1 1 ", "3 1 1 abc", "3 1 1 xy", "256 1 1 ab", "3 1 -1 ab", "3 1 1 ab!"}) {
      INFO(bad);
      CHECK_FALSE(tlsa_octets(bad));
    }
    CHECK_FALSE(tlsa_text("\x03\x01\x01"));
    CHECK_FALSE(tlsa_text(""));
  }
}

SCENARIO("a name server that shows a TLSA record is ready, whatever others have beside it") {
  const Name name("_25._tcp.mail.example.test");
  const auto query = make_query({name, Type::tlsa}, {});
  Reply reply;
  reply.outcome = Reply::Outcome::message;
  reply.message = parse_message(fake::reply_to(
      query.wire, {.answer = {fake::record(name.text(), Type::tlsa, std::string("\x03\x01\x01\xab\xcd"), 1, 300),
                              fake::record(name.text(), Type::tlsa, std::string("\x02\x01\x01\x11"), 1, 300)}}));
  REQUIRE(reply.message.answer.size() == 2);
  CHECK(reply.message.answer[0].ttl == 300);
  CHECK(judge(reply, name, {"3 1 1 abcd"}).ready);
  CHECK(judge(reply, name, {"3 1 1 abcd"}).beside == "\"2 1 1 11\"");
  CHECK_FALSE(judge(reply, name, {"3 1 1 abcd", "3 1 1 ffff"}).ready);
}

SCENARIO("an update adds and removes single TLSA records") {
  using Kind = UpdateEntry::Kind;
  const Name name("_25._tcp.mail.example.test");
  const auto request = make_update(Name("example.test"), {{Kind::no_records, name, {}, 0, Type::tlsa},
                                                          {Kind::add, name, "3 1 1 abcd", 300, Type::tlsa},
                                                          {Kind::remove, name, "3 1 1 ffff", 0, Type::tlsa}});
  // After the header, the zone and the prerequisite: type, class, TTL, length, data (RFC 2136 §2.5).
  const std::string added("\0\x34\0\x01\0\0\x01\x2c\0\x05\x03\x01\x01\xab\xcd", 15);
  const std::string removed("\0\x34\0\xfe\0\0\0\0\0\x05\x03\x01\x01\xff\xff", 15);
  const std::string free("\0\x34\0\xfe\0\0\0\0\0\0", 10);
  CHECK(request.wire.find(added) != std::string::npos);
  CHECK(request.wire.find(removed) > request.wire.find(added));
  CHECK(request.wire.find(free) < request.wire.find(added));
}

}  // namespace acmed::dns
