// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/config/folder.h"

namespace acmed::config {
namespace {

using Catch::Contains;

const std::string id = "0123456789abcdef0123456789abcdef";

std::string provider(const std::string& lines, const std::string& zones = R"(["corp.example"])") {
  return "[provider.cf]\ntype = \"cloudflare\"\nzones = " + zones + "\n" + lines;
}

Cloudflare read(const std::string& lines) {
  const Folder folder;
  folder.write("token", "from-a-file \n");
  return std::get<Cloudflare>(folder.load(provider(lines)).providers[0].settings);
}

}  // namespace

SCENARIO("a Cloudflare provider needs no more than a token") {
  const auto settings = read("token = \"the-token\"");
  CHECK(settings.token.latest().reveal() == "the-token");
  CHECK_FALSE(settings.zone_token);
  CHECK(settings.zone_id.empty());
  CHECK(settings.url == "https://api.cloudflare.com/client/v4");
  CHECK(settings.trust_pem.empty());
}

SCENARIO("a Cloudflare provider may have more") {
  CHECK(read("token = { file = \"token\" }").token.latest().reveal() == "from-a-file");
  CHECK(read("token = \" a \"\nzone_token = \"b\"").zone_token->latest().reveal() == "b");
  CHECK(read("token = \"a\"\nzone_id = \"0123456789ABCDEF0123456789abcdef\"").zone_id == id);
  CHECK(read("token = \"a\"\nurl = \"http://127.0.0.1:8080/client/v4//\"").url == "http://127.0.0.1:8080/client/v4");
}

SCENARIO("faults of a Cloudflare provider") {
  const Folder folder;
  const auto check = [&](const std::string& text, const std::string& expected) {
    INFO(text);
    const auto faults = folder.faults(text);
    CHECK_THAT(faults, Contains(expected));
    CHECK(faults.find('\n') == std::string::npos);
    CHECK(faults.find("sesame") == std::string::npos);
  };
  check(provider(""),
        "provider.cf.token: is missing: an API token with the permissions Zone / DNS / Edit and Zone / Zone");
  check(provider("token = \"open sesame\""), "acmed.toml:4:9: provider.cf.token: this is no API token: one word");
  check(provider("token = \"  \""), "provider.cf.token: this is no API token");
  check(provider("token = \"a\"\nzone_token = \"sesame\\n!\""),
        "acmed.toml:5:14: provider.cf.zone_token: the secret has more than one line");
  check(provider("token = \"a\"\nzone_id = \"open-sesame\""),
        "provider.cf.zone_id: this is no zone id: 32 hexadecimal digits");
  check(provider("token = \"a\"\nzone_id = \"0123456789abcdefg123456789abcdef\""), "this is no zone id");
  check(provider("token = \"a\"\nzone_id = \"" + id + "\"", R"(["a.example", "b.example"])"),
        "provider.cf.zone_id: it is the id of one zone, so `zones` must name just that one");
  check(provider("token = \"a\"\nzone_token = \"b\"\nzone_id = \"" + id + "\""),
        "provider.cf.zone_token: is of no use beside zone_id");
  check(provider("token = \"a\"\nurl = \"api.cloudflare.com\""),
        "provider.cf.url: \"api.cloudflare.com\" was found, a URL");
  check(provider("token = \"a\"\ntrust = \"none.pem\""), "provider.cf.trust: there is no file none.pem");
  check(provider("token = \"a\"\nzoneid = \"x\""), "provider.cf.zoneid: there is no such key; did you mean zone_id?");
}

}  // namespace acmed::config
