// SPDX-License-Identifier: Apache-2.0
#include "config/load.h"
#include "tests/unit/config/folder.h"

namespace acmed::config {
namespace {

using Catch::Contains;
using namespace std::chrono_literals;

std::string with(const std::string& lines) {
  return basis + "[provider.other]\ntype = \"acme-dns\"\nurl = \"https://auth.example\"\nzones = [\"auth.example\"]\n" +
         "[[certificate]]\ndomains = [\"corp.example\"]\n" + lines;
}

}  // namespace

SCENARIO("a certificate names the TLSA records of its services") {
  const Folder folder;
  const auto config =
      folder.load(with("dane = [\"_25._tcp.Mail.corp.example\", \"_853._udp.ns.corp.example.\"]\ndane_ttl = \"1h\""));
  CHECK(config.certificates[0].dane.names ==
        std::vector<std::string>{"_25._tcp.mail.corp.example", "_853._udp.ns.corp.example"});
  CHECK(config.certificates[0].dane.ttl == 1h);
  CHECK(folder.load(with("")).certificates[0].dane.names.empty());
}

SCENARIO("what is no name of a TLSA record, or cannot be written there, is told with what to do") {
  const Folder folder;
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"dane = \"_25._tcp.mail.corp.example\"", "a list of strings"},
      {"dane = [\"mail.corp.example\"]", "certificate.dane: \"mail.corp.example\" was found, the port, the transport"},
      {"dane = [\"_25.tcp.mail.corp.example\"]", "the port, the transport and the host of a service are wanted"},
      {"dane = [\"_0._tcp.mail.corp.example\"]", "the port, the transport and the host of a service are wanted"},
      {"dane = [\"_65536._tcp.mail.corp.example\"]", "the port, the transport and the host of a service are wanted"},
      {"dane = [\"_25._tcp\"]", "the port, the transport and the host of a service are wanted"},
      {"dane = [\"_25._tcp.mail.corp.example\", \"_25._tcp.mail.corp.example.\"]", "is in the list twice"},
      {"dane = [\"_25._tcp.mail.elsewhere.example\"]",
       "is served by no provider; add its zone to the zones of a provider"},
      {"dane = [\"_25._tcp.auth.example\"]",
       "\"_25._tcp.auth.example\" is served by [provider.other], whose type \"acme-dns\" cannot write TLSA records; "
       "cloudflare, powerdns, rfc2136 and route53 can"},
      {"dane = [\"_25._tcp.mail.delegated.example\"]\n[provider.aliases]\ntype = \"rfc2136\"\nserver = \"192.0.2.1\"\n"
       "zones = [\"acme.example\"]\ndelegated = [\"delegated.example\"]",
       "\"_25._tcp.mail.delegated.example\" is served by no provider; add its zone"},
      {"dane_ttl = \"1h\"", "certificate.dane_ttl: there are no TLSA records; name them in `dane`"},
      {"dane = [\"_25._tcp.corp.example\"]\ndane_ttl = \"2d\"", "certificate.dane_ttl"},
  };
  for (const auto& [lines, expected] : cases) {
    INFO(lines);
    const auto faults = folder.faults(with(lines));
    CHECK_THAT(faults, Contains(expected));
    CHECK(faults.find('\n') == std::string::npos);
  }
  CHECK_THAT(folder.faults("[defaults]\ndane = [\"_25._tcp.corp.example\"]\n" + with("")),
             Contains("defaults.dane: each certificate has its own services"));
}

}  // namespace acmed::config
