// SPDX-License-Identifier: Apache-2.0
#include "daemon/plan.h"

#include "config/load.h"
#include "tests/unit/catch.h"

using namespace acmed;

SCENARIO("the plan tells what a list of key types makes of a certificate, and its TLSA records") {
  const auto plan = plan_of(config::parse(R"(
state_directory = "/state"
[ca.letsencrypt]
terms_agreed = true
[provider.bind]
type = "rfc2136"
server = "ns1.example.net"
zones = ["example.net"]
[[certificate]]
name = "mail"
domains = ["mail.example.net"]
key_type = ["ecdsa-p256", "rsa-2048"]
dane = ["_25._tcp.mail.example.net"]
)",
                                          "/etc/acmed/acmed.toml"));
  for (const auto* line : {"2 certificate(s)", "\nmail\n", "\nmail.rsa\n", "  key      rsa-2048\n",
                           "  TLSA     _25._tcp.mail.example.net by provider bind at ns1.example.net\n"}) {
    CHECK_THAT(plan, Catch::Contains(line));
  }
}

SCENARIO("the plan says nothing of proofs of ours for delegated names") {
  const auto plan = plan_of(config::parse(R"(
state_directory = "/state"
[ca.ido]
directory = "https://ido.example/dir"
terms_agreed = true
[provider.bind]
type = "rfc2136"
server = "ns1.example.net"
zones = ["example.net"]
[[certificate]]
domains = ["www.example.net"]
delegation = true
)",
                                          "/etc/acmed/acmed.toml"));
  CHECK_THAT(plan,
             Catch::Contains("  proof    none of ours: the names are delegated by their owner, the account's only "
                             "delegation\n"));
  CHECK_THAT(plan, !Catch::Contains("by provider bind"));
}

SCENARIO("the plan tells how each name is proved, and which records a responder needs from others") {
  const auto plan = plan_of(config::parse(R"(
state_directory = "/state"
[ca.letsencrypt]
terms_agreed = true
[ca.google]
terms_agreed = true
[defaults]
ca = ["letsencrypt", "google"]
[provider.bind]
type = "rfc2136"
server = "ns1.example.net"
zones = ["example.net"]
[provider.here]
type = "responder"
listen = ["192.0.2.1", "2001:db8::1"]
zones = ["_acme-challenge.example.com", "acme.example.com"]
name_server = "ns.acme.example.com"
delegated = ["example.org"]
[[certificate]]
domains = ["*.example.com", "example.com", "example.net", "*.example.org"]
)",
                                          "/etc/acmed/acmed.toml"));
  CHECK(plan ==
        "/etc/acmed/acmed.toml: 1 certificate(s), state in /state\n"
        "_.example.com\n"
        "  names    *.example.com, example.com, example.net, *.example.org\n"
        "  CA       letsencrypt (https://acme-v02.api.letsencrypt.org/directory)\n"
        "  or CA    google (https://dv.acme-v02.api.pki.goog/directory)\n"
        "  key      ecdsa-p256\n"
        "  renewal  when the CA suggests it, or when a third of its life is left, half of one below ten days\n"
        "  proof    *.example.com by provider here at 192.0.2.1, 2001:db8::1\n"
        "  proof    example.com by provider here at 192.0.2.1, 2001:db8::1\n"
        "  proof    example.net by provider bind at ns1.example.net\n"
        "  proof    *.example.org by provider here at 192.0.2.1, 2001:db8::1\n"
        "  files    /state/live/_.example.com/\n"
        "provider here\n"
        "  answers  on 192.0.2.1, 2001:db8::1 for _acme-challenge.example.com, acme.example.com\n"
        "  needs    _acme-challenge.example.com. NS ns.acme.example.com.\n"
        "  needs    _acme-challenge.example.org. CNAME example.org.acme.example.com.\n"
        "  needs    acme.example.com. NS ns.acme.example.com.\n"
        "  needs    ns.acme.example.com. A 192.0.2.1\n"
        "  needs    ns.acme.example.com. AAAA 2001:db8::1\n");
}

SCENARIO("the plan tells where other challenges than dns-01 will stand, as far as that can be known") {
  const std::string text = R"(
[ca.letsencrypt]
terms_agreed = true
[provider.bind]
type = "rfc2136"
server = "ns1.example.net"
zones = ["example.com"]
[[certificate]]
name = "account"
challenge = "dns-account-01"
domains = ["*.example.com"]
[[certificate]]
name = "persist"
key_type = "rsa-2048"
challenge = "dns-persist-01"
domains = ["*.example.com"]
)";
  const auto config = config::parse(text, "/etc/acmed/acmed.toml");
  using Catch::Contains;
  CHECK_THAT(plan_of(config), Contains("proof    *.example.com by dns-account-01 below _acme-challenge.example.com (at "
                                       "which name, the account at CA letsencrypt decides, once there is one) by "
                                       "provider bind at ns1.example.net\n"));
  const auto plan = plan_of(config, {{"letsencrypt", "https://example.com/acme/acct/ExampleAccount"}});
  CHECK_THAT(plan, Contains("by dns-account-01 at _ujmmovf2vn55tgye._acme-challenge.example.com by provider bind"));
  CHECK_THAT(plan, Contains("by dns-persist-01 at _validation-persist.example.com by provider bind"));
}

SCENARIO("more names than a CA's profile is known to accept are told") {
  std::string domains;
  for (int i = 0; i < 26; ++i) domains += "\"n" + std::to_string(i) + ".example.com\",";
  const std::string text = R"(
[ca.letsencrypt]
terms_agreed = true
[provider.bind]
type = "rfc2136"
server = "ns1.example.net"
zones = ["example.com"]
[[certificate]]
name = "many"
domains = [)" + domains + "]\n";
  CHECK(too_many_names(config::parse(text, "/etc/acmed/acmed.toml")).empty());
  const auto told = too_many_names(config::parse(text + "profile = \"shortlived\"\n", "/etc/acmed/acmed.toml"));
  REQUIRE(told.size() == 1);
  CHECK(told.front() ==
        "certificate many: it has 26 names, and CA letsencrypt is known to accept 25 in one certificate of the profile "
        "shortlived: make several of it, or choose another profile");
}
