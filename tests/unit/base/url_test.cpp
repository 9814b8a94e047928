// SPDX-License-Identifier: Apache-2.0
#include "base/http/url.h"

#include "tests/unit/catch.h"

using namespace acmed;

SCENARIO("a reference is resolved against the URL that was requested") {
  const auto at = [](const std::string& reference) {
    return http::resolved("https://ca.test:99/a/b/c?d=e", reference);
  };
  CHECK(at("/x") == "https://ca.test:99/x");
  CHECK(at("x") == "https://ca.test:99/a/b/x");
  CHECK(at("./x/") == "https://ca.test:99/a/b/x/");
  CHECK(at("../x?y") == "https://ca.test:99/a/x?y");
  CHECK(at("../../../x") == "https://ca.test:99/x");
  CHECK(at("?y") == "https://ca.test:99/a/b/c?y");
  CHECK(at("a b") == "https://ca.test:99/a/b/a%20b");
  CHECK(at("//other.test/x") == "https://other.test/x");
  WHEN("it is absolute, empty or none") {
    for (const auto* same : {"", "https://Other.test:443/A/../B", "HTTP://other.test", "file:///x", "urn:x"}) {
      CHECK(at(same) == same);
    }
    CHECK(http::resolved("nothing", "/x") == "/x");
  }
}

SCENARIO("two URLs of one server are known as such") {
  CHECK(http::server_of("https://CA.test/x") == "ca.test:443");
  CHECK(http::server_of("https://ca.test:443") == "ca.test:443");
  CHECK(http::server_of("http://ca.test/") == "ca.test:80");
  CHECK(http::server_of("https://ca.test:8443/") == "ca.test:8443");
  CHECK(http::server_of("https://[2001:DB8::1]:8443/") == http::server_of("https://[2001:db8::1]:8443/x"));
  for (const auto* none : {"", "ca.test", "ftp://ca.test/", "https://", "https://user@ca.test/", "https://a b/"}) {
    INFO(none);
    CHECK(http::server_of(none).empty());
  }
}
