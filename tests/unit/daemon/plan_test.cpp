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

SCENARIO("the plan tells how each name is proved, and which records a responder needs from others") {
  const auto plan = plan_of(config::parse(R"(
state_directory = "/state"
[ca.letsencrypt]
terms_agreed = true
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
