// SPDX-License-Identifier: Apache-2.0
#include "dns/responder/answer.h"

#include <array>

#include "dns/message.h"
#include "tests/unit/catch.h"
#include "tests/unit/dns/responder/octets.h"

namespace acmed::dns::responder {
namespace {

constexpr unsigned qr = 0x8000;
constexpr unsigned aa = 0x0400;
constexpr unsigned tc = 0x0200;
constexpr unsigned rd = 0x0100;
constexpr unsigned formerr = 1;
constexpr unsigned nxdomain = 3;
constexpr unsigned notimp = 4;
constexpr unsigned refused = 5;

constexpr unsigned a = 1;
constexpr unsigned ns = 2;
constexpr unsigned soa = 6;
constexpr unsigned hinfo = 13;
constexpr unsigned aaaa = 28;
constexpr unsigned ixfr = 251;
constexpr unsigned axfr = 252;
constexpr unsigned any = 255;

Zones example() {
  const Name apex("acme.test");
  Zones zones({{apex,
                Name("ns.acme.test"),
                {*Endpoint::parse("192.0.2.1"), *Endpoint::parse("2001:db8::1")},
                Name("hostmaster.acme.test")}},
              7);
  zones.add(Name("www.example.acme.test"), "one", 60);
  zones.add(Name("www.example.acme.test"), "two", 60);
  zones.commit(8);
  return zones;
}

const std::string example_soa = wire_name("ns.acme.test") + wire_name("hostmaster.acme.test") + u32(8) + u32(86'400) +
                                u32(7'200) + u32(3'600'000) + u32(1);
const std::string both_values =
    record(in_question(), txt, 1, strings({"one"})) + record(in_question(), txt, 1, strings({"two"}));

std::string answer_to(const Zones& zones, const std::string& query, Carrier carrier = Carrier::datagram) {
  std::vector<char> out(carrier == Carrier::stream ? 65'535 : largest_datagram);
  Cookies cookies;
  const auto size = answer(zones, cookies, query, {}, out, carrier);
  return {out.data(), size};
}

std::string answer_to(const std::string& query, Carrier carrier = Carrier::datagram) {
  return answer_to(example(), query, carrier);
}

}  // namespace

SCENARIO("TXT values are told with authority") {
  CHECK(answer_to(query("www.example.acme.test")) ==
        header(qr | aa, {1, 2, 0, 0}) + question("www.example.acme.test") + both_values);
}

SCENARIO("the case of a question is kept, in it and in the owner of each record") {
  const auto wire = answer_to(query("WwW.eXample.AcMe.tEST"));
  CHECK(wire == header(qr | aa, {1, 2, 0, 0}) + question("WwW.eXample.AcMe.tEST") + both_values);
}

SCENARIO("letters alone are folded") {
  // What differs from a letter by the bit of its case only: '@' and '`', '[' and '{'.
  for (const auto* name : {"www.example.acme.tes`", "www.example.acme.tes[", "www.example.acme.tes\x7f"}) {
    CHECK(answer_to(query(name)) == header(qr | refused, {1, 0, 0, 0}) + question(name));
  }
  CHECK(answer_to(query("AZ.acme.test")) == header(qr | aa | nxdomain, {1, 0, 1, 0}) + question("AZ.acme.test") +
                                                record(in_question(3), soa, 1, example_soa));
}

SCENARIO("every octet of a name that can be ours is found, in either case") {
  const Name apex("_acme-challenge.a-z0.test");
  Zones zones({{apex, Name("ns.other.test"), {}, Name("hostmaster.other.test")}}, 7);
  zones.add(apex, "value", 60);
  zones.add(apex.prefixed("abcdefghijklmnopqrstuvwxyz_-0123456789"), "value", 60);
  zones.commit(8);
  for (const auto* name : {"_acme-challenge.a-z0.test", "_ACME-CHALLENGE.A-Z0.TEST",
                           "ABCDEFGHIJKLMNOPQRSTUVWXYZ_-0123456789._acme-challenge.a-z0.test"}) {
    CHECK(answer_to(zones, query(name)) ==
          header(qr | aa, {1, 1, 0, 0}) + question(name) + record(in_question(), txt, 1, strings({"value"})));
  }
}

SCENARIO("records of the zone itself are told") {
  const auto apex = [](unsigned type) { return question("acme.test", type); };
  CHECK(answer_to(query("acme.test", soa)) ==
        header(qr | aa, {1, 1, 0, 0}) + apex(soa) + record(in_question(), soa, 60, example_soa));
  const auto glue =
      record(wire_name("ns.acme.test"), a, 300, "\xc0" + std::string("\x00\x02\x01", 3)) +
      record(wire_name("ns.acme.test"), aaaa, 300, std::string("\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01", 16));
  CHECK(answer_to(query("acme.test", ns)) ==
        header(qr | aa, {1, 1, 0, 2}) + apex(ns) + record(in_question(), ns, 300, wire_name("ns.acme.test")) + glue);
  CHECK(answer_to(query("ns.acme.test", a)) ==
        header(qr | aa, {1, 1, 0, 0}) + question("ns.acme.test", a) +
            record(in_question(), a, 300, "\xc0" + std::string("\x00\x02\x01", 3)));
  CHECK(answer_to(query("ns.acme.test", aaaa)) ==
        header(qr | aa, {1, 1, 0, 0}) + question("ns.acme.test", aaaa) +
            record(in_question(), aaaa, 300, std::string("\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01", 16)));
}

SCENARIO("what is not there is denied with the zone's SOA") {
  WHEN("the name has records of other types only") {
    CHECK(answer_to(query("www.example.acme.test", a)) == header(qr | aa, {1, 0, 1, 0}) +
                                                              question("www.example.acme.test", a) +
                                                              record(in_question(12), soa, 1, example_soa));
  }
  WHEN("the name exists because of one below it") {
    CHECK(answer_to(query("example.acme.test")) ==
          header(qr | aa, {1, 0, 1, 0}) + question("example.acme.test") + record(in_question(8), soa, 1, example_soa));
  }
  WHEN("the apex has no such type") {
    CHECK(answer_to(query("acme.test")) ==
          header(qr | aa, {1, 0, 1, 0}) + question("acme.test") + record(in_question(), soa, 1, example_soa));
  }
  WHEN("the name does not exist") {
    for (const auto* name : {"x.acme.test", "x.www.example.acme.test", "xexample.acme.test", "a.b.c.d.acme.test"}) {
      const auto offset = static_cast<unsigned>(std::string_view(name).size() - std::string_view("acme.test").size());
      CHECK(answer_to(query(name)) == header(qr | aa | nxdomain, {1, 0, 1, 0}) + question(name) +
                                          record(in_question(offset), soa, 1, example_soa));
    }
  }
}

SCENARIO("ANY is answered by next to nothing") {
  const auto rfc8482 = record(in_question(), hinfo, 3600, strings({"RFC8482", ""}));
  CHECK(answer_to(query("www.example.acme.test", any)) ==
        header(qr | aa, {1, 1, 0, 0}) + question("www.example.acme.test", any) + rfc8482);
  CHECK(answer_to(query("acme.test", any)) == header(qr | aa, {1, 1, 0, 0}) + question("acme.test", any) + rfc8482);
  CHECK(answer_to(query("example.acme.test", any)) == header(qr | aa, {1, 0, 1, 0}) +
                                                          question("example.acme.test", any) +
                                                          record(in_question(8), soa, 1, example_soa));
  CHECK(answer_to(query("no.acme.test", any)) == header(qr | aa | nxdomain, {1, 0, 1, 0}) +
                                                     question("no.acme.test", any) +
                                                     record(in_question(3), soa, 1, example_soa));
}

SCENARIO("what is not ours is refused") {
  for (const auto* name : {"", "test", "other.test", "xacme.test", "acme.test.test"}) {
    CHECK(answer_to(query(name)) == header(qr | refused, {1, 0, 0, 0}) + question(name));
  }
  for (const unsigned rr_class : {0U, 3U, 4U, 254U, 255U, 0x8001U}) {
    CHECK(answer_to(query("acme.test", soa, rr_class)) ==
          header(qr | refused, {1, 0, 0, 0}) + question("acme.test", soa, rr_class));
  }
  CHECK(answer_to(query("acme.test", axfr), Carrier::stream) ==
        header(qr | refused, {1, 0, 0, 0}) + question("acme.test", axfr));
  const auto copy = record(wire_name("acme.test"), soa, 0, example_soa);
  CHECK(answer_to(header(0, {1, 0, 1, 0}) + question("acme.test", ixfr) + copy) ==
        header(qr | refused, {1, 0, 0, 0}) + question("acme.test", ixfr));
  CHECK(answer_to(Zones(), query("acme.test")) == header(qr | refused, {1, 0, 0, 0}) + question("acme.test"));
}

SCENARIO("the flags of a question do not steer the answer, but that RD is repeated") {
  const auto tail = question("www.example.acme.test");
  CHECK(answer_to(header(rd, {1, 0, 0, 0}) + tail) == header(qr | aa | rd, {1, 2, 0, 0}) + tail + both_values);
  CHECK(answer_to(header(0x07ff, {1, 0, 0, 0}) + tail) == header(qr | aa | rd, {1, 2, 0, 0}) + tail + both_values);
}

SCENARIO("other operations are not implemented") {
  for (unsigned opcode = 1; opcode < 16; ++opcode) {
    const auto flags = opcode << 11;
    CHECK(answer_to(header(flags, {1, 0, 0, 0}) + question("acme.test", soa)) ==
          header(qr | flags | notimp, {0, 0, 0, 0}));
    CHECK(answer_to(header(flags | rd, {9, 9, 9, 9})) == header(qr | flags | rd | notimp, {0, 0, 0, 0}));
  }
}

SCENARIO("what is no question at all is not answered") {
  CHECK(answer_to("").empty());
  const auto whole = query("acme.test", soa);
  for (std::size_t size = 1; size < 12; ++size) CHECK(answer_to(whole.substr(0, size)).empty());
  CHECK(answer_to(header(qr, {1, 0, 0, 0}) + question("acme.test")).empty());
  CHECK(answer_to(header(qr | (5 << 11), {1, 0, 0, 0}) + question("acme.test")).empty());
  CHECK(answer_to(answer_to(whole)).empty());
}

SCENARIO("a message that cannot be read is told so, with nothing of it repeated") {
  const auto broken = header(qr | formerr, {0, 0, 0, 0});
  const auto question_of = [](const std::string& octets) { return header(0, {1, 0, 0, 0}) + octets; };
  WHEN("the number of questions is not one") {
    CHECK(answer_to(header(0, {0, 0, 0, 0})) == broken);
    CHECK(answer_to(header(0, {2, 0, 0, 0}) + question("acme.test") + question("acme.test")) == broken);
  }
  WHEN("it is cut anywhere") {
    const auto whole = edns_query("www.example.acme.test");
    for (std::size_t size = 12; size < whole.size(); ++size) CHECK(answer_to(whole.substr(0, size)) == broken);
  }
  WHEN("something follows it") {
    CHECK(answer_to(query("acme.test") + '\0') == broken);
    CHECK(answer_to(edns_query("acme.test") + "x") == broken);
  }
  WHEN("the name in the question is none") {
    CHECK(answer_to(question_of("\xc0\x0c" + u16(txt) + u16(class_in))) == broken);
    CHECK(answer_to(question_of("\x40" + std::string(64, 'a') + '\0' + u16(txt) + u16(class_in))) == broken);
    CHECK(answer_to(question_of("\x03www\xc0\x0c" + u16(txt) + u16(class_in))) == broken);
    CHECK(answer_to(question_of("\xff" + std::string(300, 'a'))) == broken);
    std::string too_long;
    for (int i = 0; i < 128; ++i) too_long += "\x01x";
    CHECK(answer_to(question_of(too_long + '\0' + u16(txt) + u16(class_in))) == broken);
  }
  WHEN("it has answers, or what only a transfer has") {
    const auto text = record(in_question(), txt, 0, strings({"x"}));
    CHECK(answer_to(header(0, {1, 1, 0, 0}) + question("acme.test") + text) == broken);
    CHECK(answer_to(header(0, {1, 0, 1, 0}) + question("acme.test") + text) == broken);
    CHECK(answer_to(header(0, {1, 1, 0, 0}) + question("acme.test")) == broken);
    CHECK(answer_to(header(0, {1, 0, 1, 0}) + question("acme.test")) == broken);
    CHECK(answer_to(header(0, {1, 0, 1, 0}) + question("acme.test", ixfr)) == broken);
  }
}

SCENARIO("a name of 255 octets is a name") {
  std::string name;
  for (int i = 0; i < 122; ++i) name += "x.";
  name += "acme.test";
  REQUIRE(wire_name(name).size() == 255);
  CHECK(answer_to(query(name)).substr(0, 12) == header(qr | aa | nxdomain, {1, 0, 1, 0}));
}

SCENARIO("EDNS is answered by EDNS") {
  const auto name = "www.example.acme.test";
  const auto with_opt = [&](const std::string& additional, unsigned count = 1) {
    return answer_to(header(0, {1, 0, 0, count}) + question(name) + additional);
  };
  const auto good = header(qr | aa, {1, 2, 0, 1}) + question(name) + both_values + opt(1232);
  const auto broken = header(qr | formerr, {0, 0, 0, 0});

  CHECK(with_opt(opt(4096)) == good);
  CHECK(with_opt(opt(0)) == good);
  WHEN("there are options that we do not know") {
    const std::string options = u16(65'001) + u16(8) + "whatever" + u16(65'002) + u16(0);
    CHECK(with_opt(opt(4096, 0, options)) == good);
  }
  WHEN("options are cut") {
    CHECK(with_opt(opt(4096, 0, u16(10) + u16(8) + "short")) == broken);
    CHECK(with_opt(opt(4096, 0, "xyz")) == broken);
  }
  WHEN("DNSSEC is wanted") {
    CHECK(with_opt(opt(4096, 0x8000)) ==
          header(qr | aa, {1, 2, 0, 1}) + question(name) + both_values + opt(1232, 0x8000));
  }
  WHEN("flags are set that nobody has defined") {
    CHECK(with_opt(opt(4096, 0x7fff)) == good);
  }
  WHEN("the version is newer") {
    CHECK(with_opt(opt(4096, 0x0001'0000)) == header(qr, {1, 0, 0, 1}) + question(name) + opt(1232, 0x0100'0000));
    CHECK(with_opt(opt(4096, 0x00ff'8000)) == header(qr, {1, 0, 0, 1}) + question(name) + opt(1232, 0x0100'8000));
  }
  WHEN("there are two") {
    CHECK(with_opt(opt(4096) + opt(4096), 2) == broken);
  }
  WHEN("it does not belong to the root") {
    CHECK(with_opt(wire_name("x") + opt(4096).substr(1)) == broken);
    CHECK(with_opt(in_question() + opt(4096).substr(1)) == broken);
  }
  WHEN("other records stand beside it") {
    const auto other = record(in_question(4), txt, 0, strings({"x"}));
    CHECK(with_opt(other + opt(4096), 2) == good);
    CHECK(with_opt(opt(4096) + other, 2) == good);
    CHECK(with_opt(other) == header(qr | aa, {1, 2, 0, 0}) + question(name) + both_values);
  }
  WHEN("the answer is a refusal") {
    CHECK(answer_to(edns_query("other.test")) ==
          header(qr | refused, {1, 0, 0, 1}) + question("other.test") + opt(1232));
  }
}

// RFC 7873 §5.2, §5.4
SCENARIO("who sends a cookie gets one, in whatever answer") {
  const auto cookie_option = [](const std::string& cookie) {
    return u16(10) + u16(static_cast<unsigned>(cookie.size())) + cookie;
  };
  const auto asked = [&](const std::string& name, const std::string& cookie, Carrier carrier) {
    return answer_to(header(0, {1, 0, 0, 1}) + question(name) + opt(4096, 0, cookie_option(cookie)), carrier);
  };
  const auto carrier = GENERATE(Carrier::datagram, Carrier::cut_datagram, Carrier::stream);
  for (const std::string name : {"www.example.acme.test", "none.acme.test", "other.test"}) {
    const auto said = asked(name, "8 octets", carrier);
    REQUIRE(said.size() > 28);
    CHECK(said.substr(said.size() - 28, 12) == u16(10) + u16(24) + "8 octets");
    CHECK(said.substr(said.size() - 28 - 2, 2) == u16(28));
    const auto with_unknown = asked(name, "8 octetsof another server", carrier);
    CHECK(with_unknown.substr(with_unknown.size() - 28, 12) == u16(10) + u16(24) + "8 octets");
  }
  WHEN("its length is none that a cookie has") {
    const auto broken = header(qr | formerr, {0, 0, 0, 0});
    for (const std::size_t size : {0U, 1U, 7U, 9U, 15U, 41U}) {
      CHECK(asked("www.example.acme.test", std::string(size, 'x'), carrier) == broken);
    }
  }
}

SCENARIO("an answer that does not fit is cut to nothing") {
  Zones zones = example();
  const Name name("many.acme.test");
  std::string records;
  const auto fill = [&](int count) {
    for (int i = 0; i < count; ++i) {
      const auto value = std::to_string(1000 + i) + std::string(39, 'v');
      zones.add(name, value, 60);
      records += record(in_question(), txt, 1, strings({value}));
    }
    zones.commit(9);
  };
  const auto cut = header(qr | aa | tc, {1, 0, 0, 0}) + question("many.acme.test");
  WHEN("the client says nothing of its size") {
    fill(8);  // 12 + 20 + 8 * 56 = 480
    CHECK(answer_to(zones, query("many.acme.test")).size() == 480);
    zones.add(name, std::string(19, 'x'), 60);
    zones.commit(10);
    CHECK(answer_to(zones, query("many.acme.test")).size() == 512);
    zones.add(name, "", 60);
    zones.commit(11);
    CHECK(answer_to(zones, query("many.acme.test")) == cut);
  }
  WHEN("it says so by EDNS") {
    fill(21);  // 12 + 20 + 21 * 56 + 11 = 1219
    const auto cut_with_opt = header(qr | aa | tc, {1, 0, 0, 1}) + question("many.acme.test") + opt(1232);
    CHECK(answer_to(zones, edns_query("many.acme.test")).size() == 1219);
    CHECK(answer_to(zones, edns_query("many.acme.test", txt, 1219)).size() == 1219);
    CHECK(answer_to(zones, edns_query("many.acme.test", txt, 1218)) == cut_with_opt);
    CHECK(answer_to(zones, edns_query("many.acme.test", txt, 100)) == cut_with_opt);
    fill(22);
    CHECK(answer_to(zones, edns_query("many.acme.test", txt, 65'535)) == cut_with_opt);
  }
  WHEN("it comes by TCP") {
    records.clear();
    fill(1000);
    CHECK(answer_to(zones, query("many.acme.test"), Carrier::stream) ==
          header(qr | aa, {1, 1000, 0, 0}) + question("many.acme.test") + records);
  }
  WHEN("only a call to come by TCP is wanted") {
    CHECK(answer_to(query("www.example.acme.test"), Carrier::cut_datagram) ==
          header(qr | aa | tc, {1, 0, 0, 0}) + question("www.example.acme.test"));
    CHECK(answer_to(edns_query("www.example.acme.test"), Carrier::cut_datagram) ==
          header(qr | aa | tc, {1, 0, 0, 1}) + question("www.example.acme.test") + opt(1232));
  }
}

SCENARIO("addresses of the name server are left out before anything is cut") {
  std::vector<Endpoint> addresses;
  for (int i = 1; i < 30; ++i) addresses.push_back(*Endpoint::parse("192.0.2." + std::to_string(i)));
  const Zones zones({{Name("acme.test"), Name("ns.acme.test"), addresses, Name("hostmaster.acme.test")}}, 7);
  CHECK(answer_to(zones, query("acme.test", ns)) == header(qr | aa, {1, 1, 0, 0}) + question("acme.test", ns) +
                                                        record(in_question(), ns, 300, wire_name("ns.acme.test")));
}

SCENARIO("a value is whatever octets") {
  Zones zones = example();
  std::string value;
  for (int octet = 0; octet < 256; ++octet) value.push_back(static_cast<char>(octet));
  zones.add(Name("odd.acme.test"), value, 60);
  zones.add(Name("empty.acme.test"), "", 60);
  zones.commit(9);
  CHECK(answer_to(zones, query("odd.acme.test")) ==
        header(qr | aa, {1, 1, 0, 0}) + question("odd.acme.test") +
            record(in_question(), txt, 1, strings({value.substr(0, 255), value.substr(255)})));
  CHECK(answer_to(zones, query("empty.acme.test")) ==
        header(qr | aa, {1, 1, 0, 0}) + question("empty.acme.test") + record(in_question(), txt, 1, strings({""})));
}

SCENARIO("our own reader understands the answers") {
  const auto message = parse_message(answer_to(edns_query("www.example.acme.test")));
  CHECK(message.authoritative);
  REQUIRE(message.answer.size() == 2);
  CHECK(std::get<Text>(message.answer[1].data).value == "two");
  CHECK(message.answer[1].owner == Name("www.example.acme.test"));
  const auto denial = parse_message(answer_to(query("x.example.acme.test")));
  CHECK(denial.rcode == Rcode::nxdomain);
  REQUIRE(denial.authority.size() == 1);
  CHECK(denial.authority[0].owner == Name("acme.test"));
  CHECK(std::get<Soa>(denial.authority[0].data).serial == 8);
}

}  // namespace acmed::dns::responder
