// SPDX-License-Identifier: Apache-2.0
#include "dns/responder/cookies.h"

#include "dns/endpoint.h"
#include "tests/unit/catch.h"

namespace acmed::dns::responder {
namespace {

using namespace std::chrono_literals;

std::string from_hex(std::string_view digits) {
  std::string octets;
  for (std::size_t i = 0; i + 1 < digits.size(); i += 2) {
    octets += static_cast<char>(std::stoi(std::string(digits.substr(i, 2)), nullptr, 16));
  }
  return octets;
}

Client client(const std::string& address) {
  sockaddr_storage storage{};
  Endpoint::parse(address)->to_sockaddr(storage);
  return Client(reinterpret_cast<const sockaddr*>(&storage));
}

Time at(std::int64_t seconds) {
  return Time(std::chrono::seconds(seconds));
}

Cookies with_key(std::string_view hex) {
  return Cookies(Secret(from_hex(hex)));
}

constexpr auto first_key = "e5e973e5a6b2a43f48e7dc849e37bfcf";

}  // namespace

// RFC 9018, appendix A.
SCENARIO("cookies are those of all implementations") {
  GIVEN("a client that learns its cookie") {
    auto cookies = with_key(first_key);
    CHECK(cookies.answer_to(from_hex("2464c4abcf10c957"), client("198.51.100.100"), at(1559731985)) ==
          from_hex("2464c4abcf10c957010000005cf79f111f8130c3eee29480"));
  }
  GIVEN("the same client forty minutes later") {
    auto cookies = with_key(first_key);
    const auto shown = from_hex("2464c4abcf10c957010000005cf79f111f8130c3eee29480");
    CHECK(cookies.is_good(shown, client("198.51.100.100"), at(1559734385)));
    CHECK(cookies.answer_to(shown, client("198.51.100.100"), at(1559734385)) ==
          from_hex("2464c4abcf10c957010000005cf7a871d4a564a1442aca77"));
  }
  GIVEN("a cookie whose reserved octets are used") {
    auto cookies = with_key(first_key);
    const auto shown = from_hex("fc93fc62807ddb8601abcdef5cf78f71a314227b6679ebf5");
    CHECK(cookies.is_good(shown, client("203.0.113.203"), at(1559727985)));
    CHECK(cookies.answer_to(shown, client("203.0.113.203"), at(1559734700)) ==
          from_hex("fc93fc62807ddb86010000005cf7a9acf73a7810aca2381e"));
  }
  GIVEN("a client of IPv6") {
    auto cookies = with_key("445536bcd2513298075a5d379663c962");
    CHECK(cookies.answer_to(from_hex("22681ab97d52c298"), client("2001:db8:220:1:59de:d0f4:8769:82b8"),
                            at(1559741961)) == from_hex("22681ab97d52c298010000005cf7c609a6bb79d16625507a"));
  }
}

SCENARIO("a cookie is good for its client, for an hour") {
  Cookies cookies;
  const auto now = at(1'700'000'000);
  const auto home = client("192.0.2.1");
  const std::string given(cookies.answer_to("8 octets", home, now));
  REQUIRE(given.size() == Cookies::size);
  CHECK(cookies.is_good(given, home, now));
  CHECK(cookies.is_good(given, home, now + 1h));
  CHECK_FALSE(cookies.is_good(given, home, now + 1h + 1s));
  CHECK(cookies.is_good(given, home, now - 5min));
  CHECK_FALSE(cookies.is_good(given, home, now - 5min - 1s));
  CHECK_FALSE(cookies.is_good(given, client("192.0.2.2"), now));
  CHECK_FALSE(Cookies().is_good(given, home, now));
  for (std::size_t i = 0; i < given.size(); ++i) {
    auto spoiled = given;
    spoiled[i] = static_cast<char>(spoiled[i] ^ 1);
    CHECK_FALSE(cookies.is_good(spoiled, home, now));
  }
  CHECK_FALSE(cookies.is_good("8 octets", home, now));
  CHECK_FALSE(cookies.is_good(given + "more", home, now));
  THEN("it is kept for half of that, and then renewed") {
    CHECK(cookies.answer_to(given, home, now + 30min) == given);
    CHECK(cookies.answer_to(given, home, now + 31min) != given);
  }
}

SCENARIO("a client by IPv4 is the same whichever socket it comes by, and a host of IPv6 is its network") {
  CHECK(client("::ffff:192.0.2.1").octets() == client("192.0.2.1").octets());
  CHECK(client("192.0.2.1").host() != client("192.0.2.2").host());
  CHECK(client("2001:db8:1:2::1").host() == client("2001:db8:1:2::2").host());
  CHECK(client("2001:db8:1:2::1").host() != client("2001:db8:1:3::1").host());
}

}  // namespace acmed::dns::responder
