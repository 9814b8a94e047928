// SPDX-License-Identifier: Apache-2.0
#include "dns/tsig.h"

// Before ldns, which makes macros of bool, true and false where it is missing.
#include <stdbool.h>

#include <fmt/format.h>
#include <ldns/ldns.h>

#include <memory>

#include "base/crypto/encoding.h"
#include "base/encoding.h"
#include "base/error.h"
#include "dns/wire.h"
#include "tests/unit/catch.h"
#include "tests/unit/dns/fake_wire.h"

using namespace acmed;
using namespace acmed::dns;
using crypto::Digest;

namespace {

const Time signing_time{std::chrono::seconds(1'763'800'000)};

std::string key_octets() {
  std::string octets;
  for (int i = 0; i < 32; ++i) octets.push_back(static_cast<char>(i));
  return octets;
}

TsigKey key_with(Digest algorithm) {
  return {Name("lab-key"), algorithm, Secret(key_octets())};
}

/// A query for _acme-challenge.example.test TXT with id 0x1234.
std::string plain_query() {
  std::string wire("\x12\x34\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00", header_size);
  append_name(wire, Name("_acme-challenge.example.test"));
  append_u16(wire, 16);
  append_u16(wire, 1);
  return wire;
}

struct Caught {
  std::string cause;
  std::string sentence;
  Error::Advice advice{};
};

Caught verify(const std::string& wire, const TsigKey& key, const std::string& mac, Time now = signing_time) {
  try {
    tsig_verify(wire, key, mac, now, "ns1.example.test");
    return {};
  } catch (const Error& error) {
    return {error.cause(), error.what(), error.advice()};
  }
}

}  // namespace

SCENARIO("a message is signed as RFC 8945 says") {
  // Computed by another program with another HMAC.
  const std::pair<Digest, std::string> expected[] = {
      {Digest::md5, "89153f4f0feb48d07b2aacbe7fb4774c"},
      {Digest::sha1, "2f681981a056ccdc73c73b05767b973ab295a7b5"},
      {Digest::sha224, "b794bda31b871d2280dde4a2c6da2ed72ed1f70463670b2126af0937"},
      {Digest::sha256, "910efa9c05cc832ec300c29a2adcccdca9b2249b0110f9f7845b92dc266de7a3"},
      {Digest::sha384,
       "61c1846dc6680ddc0a5f5021017e8b2c6437a22925095b1cb67359bbcdc5b2ae4a2565cbfe4e8a3dcacc35f3805ffab3"},
      {Digest::sha512,
       "13d559ae6e6205449e96a15e91386ae3101bfdefb5e81073a0041ccf1a2dcc717b3ee70662c5c1eaba83334f738c306b397344b396c6577"
       "40bf4a2dc85c3b06d"},
  };
  for (const auto& [algorithm, mac] : expected) {
    CHECK(hex(tsig_sign(plain_query(), key_with(algorithm), signing_time).mac) == mac);
  }
}

SCENARIO("ldns finds our signatures right") {
  const auto secret = crypto::base64(key_octets());
  for (const auto& [algorithm, name] : {std::pair{Digest::md5, "hmac-md5.sig-alg.reg.int"},
                                        {Digest::sha1, "hmac-sha1"},
                                        {Digest::sha256, "hmac-sha256"},
                                        {Digest::sha512, "hmac-sha512"}}) {
    const auto message = tsig_sign(plain_query(), key_with(algorithm), signing_time);
    const auto* octets = reinterpret_cast<const std::uint8_t*>(message.wire.data());
    ldns_pkt* parsed = nullptr;
    REQUIRE(ldns_wire2pkt(&parsed, octets, message.wire.size()) == LDNS_STATUS_OK);
    const std::unique_ptr<ldns_pkt, decltype(&ldns_pkt_free)> packet(parsed, ldns_pkt_free);
    CHECK(ldns_pkt_tsig_verify(parsed, octets, message.wire.size(), "lab-key.", secret.c_str(), nullptr));
  }
}

SCENARIO("algorithms are known by the names that operators write") {
  CHECK(tsig_algorithm_from("hmac-sha256") == Digest::sha256);
  CHECK(tsig_algorithm_from("hmac-md5") == Digest::md5);
  CHECK(tsig_algorithm_from("hmac-md5.sig-alg.reg.int.") == Digest::md5);
  CHECK_FALSE(tsig_algorithm_from("hmac-sha3"));
  CHECK(tsig_algorithm_text(Digest::sha384) == "hmac-sha384");
}

SCENARIO("the answer to a signed message is checked") {
  const auto key = key_with(Digest::sha256);
  const auto request = tsig_sign(plain_query(), key, signing_time);
  const auto reply = fake::reply_to(request.wire, {});
  using std::chrono::seconds;

  WHEN("it is signed with the same key") {
    const auto answer = fake::signed_reply(reply, request.wire, {key, signing_time, 0, {}});
    CHECK(verify(answer, key, request.mac).cause.empty());
    CHECK(verify(answer, key, request.mac, signing_time + seconds(299)).cause.empty());
    THEN("another id in the header does not matter: the original one is signed") {
      auto forwarded = answer;
      set_u16(forwarded, 0, 0x4321);
      CHECK(verify(forwarded, key, request.mac).cause.empty());
    }
    THEN("every changed octet is found") {
      for (std::size_t i = 2; i < answer.size(); ++i) {  // the id may differ, see above
        auto forged = answer;
        forged[i] = static_cast<char>(forged[i] ^ 0x40);
        CHECK_FALSE(verify(forged, key, request.mac).cause.empty());
      }
      auto forged = answer;
      forged[3] = static_cast<char>(forged[3] ^ 5);
      CHECK(verify(forged, key, request.mac).cause == "tsig:forged");
    }
    THEN("it is no answer to another request") {
      CHECK(verify(answer, key, std::string(32, 'x')).cause == "tsig:forged");
    }
    THEN("it is not good with another secret") {
      CHECK(verify(answer, {key.name, key.algorithm, Secret("other")}, request.mac).cause == "tsig:forged");
    }
    THEN("it is not good for ever") {
      CHECK(verify(answer, key, request.mac, signing_time + seconds(301)).cause == "tsig:BADTIME");
    }
  }
  WHEN("it is not signed") {
    const auto caught = verify(reply, key, request.mac);
    CHECK(caught.cause == "tsig:unsigned");
    CHECK(caught.advice == Error::Advice::refused);
    CHECK(verify(fake::reply_to(request.wire, {.rcode = Rcode::servfail}), key, request.mac).advice ==
          Error::Advice::retry);
  }
  WHEN("the server does not know the key") {
    const auto answer = fake::signed_reply(fake::reply_to(request.wire, {.rcode = Rcode::notauth}), request.wire,
                                           {key, signing_time, 17, {}, false});
    const auto caught = verify(answer, key, request.mac);
    CHECK(caught.cause == "tsig:BADKEY");
    CHECK(caught.advice == Error::Advice::refused);
    CHECK_THAT(caught.sentence,
               Catch::Contains("ns1.example.test does not know the TSIG key lab-key with hmac-sha256"));
  }
  WHEN("the server has another secret") {
    const auto answer = fake::signed_reply(fake::reply_to(request.wire, {.rcode = Rcode::notauth}), request.wire,
                                           {key, signing_time, 16, {}, false});
    CHECK(verify(answer, key, request.mac).cause == "tsig:BADSIG");
  }
  WHEN("an unsigned answer pretends to have no TSIG error") {
    const auto answer = fake::signed_reply(reply, request.wire, {key, signing_time, 0, {}, false});
    CHECK(verify(answer, key, request.mac).cause == "tsig:unsigned");
  }
  WHEN("the server's clock is another") {
    std::string server_time;
    append_u48(server_time, 1'763'801'000);
    const auto answer = fake::signed_reply(fake::reply_to(request.wire, {.rcode = Rcode::notauth}), request.wire,
                                           {key, signing_time, 18, server_time});
    const auto caught = verify(answer, key, request.mac);
    CHECK(caught.cause == "tsig:BADTIME");
    CHECK(caught.advice == Error::Advice::retry);
    CHECK_THAT(caught.sentence, Catch::Contains("the clock of this host and of ns1.example.test differ by 1000 s"));
  }
  WHEN("the server's clock is beyond what a Time can hold") {
    std::string server_time;
    append_u48(server_time, 0xffff'ffff'ffff);
    const auto answer = fake::signed_reply(fake::reply_to(request.wire, {.rcode = Rcode::notauth}), request.wire,
                                           {key, signing_time, 18, server_time});
    const auto caught = verify(answer, key, request.mac);
    CHECK(caught.cause == "tsig:BADTIME");
    CHECK_THAT(caught.sentence, Catch::Contains("there 2200-"));
  }
  WHEN("records follow the signature") {
    auto answer = fake::signed_reply(reply, request.wire, {key, signing_time, 0, {}});
    set_u16(answer, 10, 2);
    CHECK(verify(answer + fake::txt("example.test", "x"), key, request.mac).cause == "dns:malformed");
  }
  WHEN("it is cut anywhere") {
    const auto answer = fake::signed_reply(reply, request.wire, {key, signing_time, 0, {}});
    for (std::size_t size = 0; size < answer.size(); ++size) {
      CHECK(verify(answer.substr(0, size), key, request.mac).cause == "dns:malformed");
    }
  }
}
