// SPDX-License-Identifier: Apache-2.0
#include "config/names.h"

#include "config/addresses.h"
#include "config/suggest.h"
#include "tests/unit/catch.h"

namespace acmed::config {
namespace {

struct Case {
  std::string text;
  std::string expected;
};

std::string label(std::size_t length) {
  return std::string(length, 'a');
}

}  // namespace

SCENARIO("names of certificates are A-labels in lower case") {
  const std::vector<Case> cases = {
      {"example.com", "example.com"},
      {"Example.COM.", "example.com"},
      {"*.Example.com", "*.example.com"},
      {"1.example.com", "1.example.com"},
      {"a-b.example.com", "a-b.example.com"},
      {"Bücher.example", "xn--bcher-kva.example"},
      {"*.BÜCHER.example", "*.xn--bcher-kva.example"},
      {"xn--bcher-kva.example", "xn--bcher-kva.example"},
      {"straße.example", "xn--strae-oqa.example"},
      {"例え.テスト", "xn--r8jz45g.xn--zckzah"},
      {"例え。テスト", "xn--r8jz45g.xn--zckzah"},
      {"r3---sn.example.com", "r3---sn.example.com"},
      {label(63) + ".example", label(63) + ".example"},
  };
  for (const auto& [text, expected] : cases) {
    const auto name = certificate_name(text);
    CHECK(name.fault == "");
    CHECK(name.value == expected);
  }
}

SCENARIO("a name that cannot be proved is refused with a reason") {
  const std::vector<Case> cases = {
      {"", "the name is empty"},
      {"*.*.example.com", R"("*.*.example.com" is a wildcard of a wildcard; only the first label may be "*")"},
      {"*", "that is not the whole first label"},
      {"www.*.example.com", "that is not the whole first label"},
      {"w*.example.com", "that is not the whole first label"},
      {"192.0.2.1", "is an IP address; DNS-01 proves domain names only"},
      {"2001:db8::1", "is an IP address; DNS-01 proves domain names only"},
      {"300.1.2.3", "is an IP address"},
      {"192.0.2.1:443", "is an IP address; DNS-01 proves domain names only (RFC 8738"},
      {"192.0.2.0/24", "is an IP address"},
      {"[2001:db8::1]:443", "is an IP address"},
      {"2001:db8::/32", "is an IP address"},
      {"www.example.com:8443", R"(has a port; a certificate is for the whole name, at all ports: leave ":8443" out)"},
      {"www.example.com/shop", "has a path"},
      {"hostmaster@example.com", "is a mail address; TXT records prove domain names only"},
      {"localhost", R"("localhost" is a single label; no CA certifies that)"},
      {"*.com", R"("*.com" is the wildcard of a whole top-level domain; no CA certifies that)"},
      {"www..example.com", R"("www..example.com" has an empty label)"},
      {".example.com", "has an empty label"},
      {"www_x.example.com", R"("www_x.example.com" holds "_"; letters, digits and hyphens are allowed)"},
      {"-www.example.com", R"(the label "-www" of "-www.example.com" begins or ends with a hyphen)"},
      {"www-.example.com", "begins or ends with a hyphen"},
      {"https://www.example.com/", "is a URL; certificates are for domain names, and a TXT record proves these only"},
      {"a.example.com b.example.com", "is not one name"},
      {label(64) + ".example", "octets long, 63 are allowed"},
      {label(63) + "." + label(63) + "." + label(63) + "." + label(62), "octets long, 253 are allowed"},
      {label(63) + "." + label(63) + "." + label(63) + "." + label(50),
       "is 242 octets long; 237 are allowed, since its proof stands at _acme-challenge.NAME"},
      {"xn--a.example", "is no internationalized domain name"},
      {"\xE2\x80\xAEx.example", "is no internationalized domain name"},
  };
  for (const auto& [text, expected] : cases) {
    INFO(text);
    CHECK_THAT(certificate_name(text).fault, Catch::Contains(expected));
  }
}

SCENARIO("zones are names of any depth") {
  CHECK(zone_name("Test.").value == "test");
  CHECK(zone_name("_acme-challenge.example.com").value == "_acme-challenge.example.com");
  CHECK_THAT(zone_name("*.example.com").fault, Catch::Contains("name the zone alone"));
  CHECK_THAT(zone_name("192.0.2.1").fault, Catch::Contains("is an IP address"));
  CHECK(is_within("a.example.com", "example.com"));
  CHECK(is_within("example.com", "example.com"));
  CHECK_FALSE(is_within("xexample.com", "example.com"));
  CHECK_FALSE(is_within("com", "example.com"));
}

SCENARIO("addresses are checked") {
  for (const auto* good : {"192.0.2.1", "192.0.2.1:53", "2001:db8::1", "[2001:db8::1]", "[2001:db8::1]:53"}) {
    CHECK(address_with_port(good).value == good);
    CHECK(server(good).value == good);
  }
  for (const auto* bad : {"", "x", "192.0.2", "192.0.2.1:", "192.0.2.1:0", "192.0.2.1:65536", "[192.0.2.1]:53",
                          "[2001:db8::1", "[2001:db8::1]53", "2001:db8::1]:53", "192.0.2.1:53:53"}) {
    INFO(bad);
    CHECK_FALSE(address_with_port(bad).good());
  }
  CHECK(address("192.0.2.1").good());
  CHECK_FALSE(address("192.0.2.1:53").good());
  CHECK(server("NS1.example.com:5353").value == "ns1.example.com:5353");
  CHECK(server("ns1").value == "ns1");
  CHECK_FALSE(server("ns1:x").good());
  CHECK_FALSE(server("https://ns1.example.com").good());
  CHECK_FALSE(server("192.0.2.1:53:53").good());
}

SCENARIO("a slip of the pen is recognized") {
  const std::vector<std::string> keys = {"domains", "key_type", "mode", "ca"};
  CHECK(did_you_mean("domain", keys) == "; did you mean domains?");
  CHECK(did_you_mean("domians", keys) == "; did you mean domains?");
  CHECK(did_you_mean("keytype", keys) == "; did you mean key_type?");
  CHECK(did_you_mean("cas", keys) == "; did you mean ca?");
  CHECK(did_you_mean("host", keys).empty());
  CHECK(did_you_mean(std::string(1000, 'x'), keys).empty());
  CHECK(did_you_mean("", keys).empty());
}

}  // namespace acmed::config
