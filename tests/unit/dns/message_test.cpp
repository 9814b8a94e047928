// SPDX-License-Identifier: Apache-2.0
#include "dns/message.h"

#include "dns/wire.h"
#include "tests/unit/catch.h"
#include "tests/unit/dns/fake_wire.h"

using namespace acmed::dns;

namespace {

const Question txt_question{Name("_acme-challenge.example.test"), Type::txt};

Message reply_with(fake::Answer answer) {
  return parse_message(fake::reply_to(make_query(txt_question, {}).wire, answer));
}

}  // namespace

SCENARIO("a query says what is asked") {
  const auto request = make_query(txt_question, {.recursion_desired = true});
  const auto message = parse_message(request.wire);
  CHECK(message.id == request.id);
  CHECK(message.question == txt_question);
  CHECK_FALSE(message.is_response);
  CHECK((request.wire[2] & 1) == 1);
  CHECK((make_query(txt_question, {}).wire[2] & 1) == 0);
  THEN("it offers 1232 octets of UDP, unless told not to") {
    const std::string edns("\x00\x00\x29\x04\xd0", 5);
    CHECK(request.wire.find(edns) != std::string::npos);
    CHECK(make_query(txt_question, {.edns = false}).wire.find(edns) == std::string::npos);
  }
}

SCENARIO("an answer is read") {
  const auto message =
      reply_with({.answer = {fake::txt("_ACME-challenge.example.test", "one"),
                             fake::record("_acme-challenge.example.test", Type::txt, "\x02tw\x01o"),
                             fake::cname("www.example.test", "target.test")},
                  .authority = {fake::soa("example.test"), fake::ns("example.test", "ns1.example.test")},
                  .additional = {fake::address("ns1.example.test", "192.0.2.1"),
                                 fake::address("ns1.example.test", "2001:db8::1")}});
  CHECK(message.is_response);
  CHECK(message.authoritative);
  REQUIRE(message.answer.size() == 3);
  CHECK(message.answer[0].owner == txt_question.name);
  CHECK(std::get<Text>(message.answer[0].data).value == "one");
  CHECK(std::get<Text>(message.answer[1].data).value == "two");
  CHECK(std::get<Target>(message.answer[2].data).name == Name("target.test"));
  REQUIRE(message.authority.size() == 2);
  CHECK(std::get<Soa>(message.authority[0].data).serial == 7);
  CHECK(std::get<Soa>(message.authority[0].data).primary == Name("ns1.invalid"));
  REQUIRE(message.additional.size() == 2);
  CHECK(std::get<Address>(message.additional[0].data).octets == std::string("\xc0\x00\x02\x01", 4));
  CHECK(std::get<Address>(message.additional[1].data).octets.size() == 16);
}

SCENARIO("values keep every octet") {
  const std::string value("a;\"b\\ \x01\xff\0c", 10);
  CHECK(std::get<Text>(reply_with({.answer = {fake::txt("example.test", value)}}).answer[0].data).value == value);
}

SCENARIO("an extended response code is put together") {
  // An OPT record whose TTL carries the upper eight bits (RFC 6891 §6.1.3).
  const std::string opt("\x00\x00\x29\x04\xd0\x01\x00\x00\x00\x00\x00", 11);
  CHECK(reply_with({.additional = {opt}}).rcode == Rcode::badvers);
  CHECK(to_text(Rcode::badvers) == "BADVERS");
  CHECK(to_text(Rcode::nxdomain) == "NXDOMAIN");
  CHECK(to_text(static_cast<Rcode>(23)) == "RCODE23");
}

SCENARIO("records that cannot concern us are left out") {
  const std::string odd_owner(
      "\x03"
      "a.b\x04test\x00",
      10);
  const std::string fixed("\x00\x10\x00\x01\x00\x00\x00\x01\x00\x02\x01x", 12);
  const auto message =
      reply_with({.answer = {odd_owner + fixed, fake::record("example.test", Type::txt, "\x01x", 3 /* CHAOS */)}});
  CHECK(message.answer.empty());
}

SCENARIO("an answer must repeat id, opcode and question") {
  const auto request = make_query(txt_question, {});
  const auto reply = parse_message(fake::reply_to(request.wire, {}));
  CHECK(is_answer_to(reply, request));

  auto other = reply;
  other.id ^= 1;
  CHECK_FALSE(is_answer_to(other, request));
  other = reply;
  other.is_response = false;
  CHECK_FALSE(is_answer_to(other, request));
  other = reply;
  other.question->name = Name("example.test");
  CHECK_FALSE(is_answer_to(other, request));
  other = reply;
  other.question->type = Type::a;
  CHECK_FALSE(is_answer_to(other, request));
  other = reply;
  other.opcode = Opcode::update;
  CHECK_FALSE(is_answer_to(other, request));
  other = reply;
  other.question.reset();
  CHECK_FALSE(is_answer_to(other, request));
  THEN("but a refusal may come without the question") {
    other.rcode = Rcode::formerr;
    CHECK(is_answer_to(other, request));
  }
}

SCENARIO("an update carries each change in its form") {
  using Kind = UpdateEntry::Kind;
  const Name name("_acme-challenge.example.test");
  const auto request = make_update(
      Name("example.test"),
      {{Kind::no_cname, name, {}, 0}, {Kind::add, name, "new", 60}, {Kind::remove, name, std::string(300, 'o'), 0}});
  WireReader reader(request.wire);
  CHECK(reader.u16() == request.id);
  CHECK(reader.u16() == 0x2800);  // UPDATE, and no RD
  CHECK(reader.u16() == 1);
  CHECK(reader.u16() == 1);
  CHECK(reader.u16() == 2);
  CHECK(reader.u16() == 0);
  CHECK(reader.name() == Name("example.test"));
  CHECK(reader.u32() == 0x00060001);  // SOA IN

  CHECK(reader.name() == name);  // prerequisite: no CNAME
  CHECK(reader.u32() == 0x000500fe);
  CHECK(reader.u32() == 0);
  CHECK(reader.u16() == 0);

  CHECK(reader.name() == name);  // add
  CHECK(reader.u32() == 0x00100001);
  CHECK(reader.u32() == 60);
  CHECK(reader.octets(reader.u16()) == "\x03new");

  CHECK(reader.name() == name);  // remove: class NONE, TTL 0
  CHECK(reader.u32() == 0x001000fe);
  CHECK(reader.u32() == 0);
  CHECK(reader.octets(reader.u16()) == "\xff" + std::string(255, 'o') + "\x2d" + std::string(45, 'o'));
  CHECK(reader.place() == request.wire.size());
}

SCENARIO("hostile octets are refused and do no harm") {
  const auto good = fake::reply_to(
      make_query(txt_question, {}).wire,
      {.answer = {fake::txt("_acme-challenge.example.test", "value")}, .authority = {fake::soa("example.test")}});
  WHEN("the message is cut anywhere") {
    for (std::size_t size = 0; size < good.size(); ++size) {
      CHECK_THROWS_AS(parse_message(good.substr(0, size)), MalformedMessage);
    }
  }
  WHEN("octets follow it") {
    CHECK(parse_message(good + "garbage").answer.size() == 1);
  }
  WHEN("a name points to itself") {
    const std::string loop("\xc0\x0c\x00\x10\x00\x01\x00\x00\x00\x01\x00\x00", 12);
    std::string wire("\x00\x01\x84\x00\x00\x00\x00\x01\x00\x00\x00\x00", header_size);
    CHECK_THROWS_AS(parse_message(wire + loop), MalformedMessage);
    CHECK_THROWS_AS(WireReader(std::string_view("\xc0\x00", 2)).name(), MalformedMessage);
  }
  WHEN("it has two signatures") {
    const std::string tsig("\x00\x00\xfa\x00\xff\x00\x00\x00\x00\x00\x00", 11);
    std::string wire("\x00\x01\x84\x00\x00\x00\x00\x00\x00\x00\x00\x02", header_size);
    CHECK_THROWS_AS(parse_message(wire + tsig + tsig), MalformedMessage);
  }
  WHEN("it claims more records than it has") {
    auto wire = good;
    set_u16(wire, 6, 0xffff);
    CHECK_THROWS_AS(parse_message(wire), MalformedMessage);
  }
  WHEN("it is larger than a message can be") {
    CHECK_THROWS_AS(parse_message(std::string(largest_message + 1, '\0')), MalformedMessage);
  }
}
