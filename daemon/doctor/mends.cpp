// SPDX-License-Identifier: Apache-2.0
#include "daemon/doctor/mends.h"

#include <array>

namespace acmed::doctor {
namespace {

struct Mend {
  std::string_view cause;  ///< the whole cause, or its beginning up to and including a colon
  std::string_view mend;
};

/// The first that fits counts. README.md, "Trouble", has the same causes.
constexpr auto mends = std::to_array<Mend>({
    {"tsig:BADKEY", "tsig in [provider.NAME]: its name has to be the one that the server's configuration has"},
    {"tsig:BADSIG", "tsig in [provider.NAME]: its secret and algorithm have to be those of the server's key"},
    {"tsig:BADTIME", "set the clocks of this host and of the name server by NTP"},
    {"tsig:unsigned", "set up the key at the server, or correct its name in [provider.NAME]"},
    {"tsig:", "compare tsig in [provider.NAME] with the key at the server"},
    {"dns:REFUSED", "allow the key to change the TXT record at the challenge name (BIND: update-policy)"},
    {"dns:no-route", "this host's routes and firewall, or resolvers in [propagation]"},
    {"dns:SERVFAIL", "the log of the server named"},
    {"dns:timeout", "the server named, or the firewall before it (UDP and TCP port 53)"},
    {"dns:propagation", "NOTIFY, zone transfer and firewall of the servers named, or exclude them in [propagation]"},
    {"dns:no-servers", "the NS records of the zone, or exclude in [propagation]"},
    {"dns:lame", "the NS records of the zone, or exclude in [propagation]"},
    {"dns:full", "let fewer names be aliases of the one named"},
    {"dns:zones-differ",
     "resolvers in [propagation] that see what the world sees, or a provider for the zone of the DNS"},
    {"dns:alias", "delegated in the provider of the zone to which it leads, or the CNAME record"},
    {"dns:no-provider", "add the zone to zones of the provider that has it, or add that provider"},
    {"dns:no-zone", "add the zone to zones of the provider that has it, or create it at the operator"},
    {"aws:no-credentials", "access_key_id and secret_access_key, or profile, in [provider.NAME]"},
    {"aws:SignatureDoesNotMatch", "secret_access_key in [provider.NAME], and this host's clock"},
    {"aws:InvalidClientTokenId", "access_key_id in [provider.NAME]"},
    {"aws:ambiguous-zone", "hosted_zone_id in [provider.NAME]"},
    {"cloudflare:zone-status", "make the zone active at Cloudflare, or take it out of zones"},
    {"zone:gone", "take the zone out of zones, or let the credentials see it"},
    {"powerdns:daemon", "url in [provider.NAME]: that of the authoritative server"},
    {"powerdns:secondary", "url in [provider.NAME]: that of the zone's primary"},
    {"http:401", "the credentials in [provider.NAME]"},
    {"http:403", "the credentials in [provider.NAME], and what they permit"},
    {"tls:certificate", "trust in the same table, for a private CA; otherwise this host's clock"},
    {"acme:caa", "the CAA records of the domain"},
    {"acme:accountRevoked", "ask the CA"},
    {"acme:accountDeactivated", "ask the CA"},
    {"deploy:verify", "reload the service, and see that it reads these files"},
    {"deploy:unit", "the unit's name, and polkit's rule: /etc/polkit-1/rules.d/50-acmed.rules"},
    {"deploy:test", "what the program printed is in the sentence"},
    {"deploy:hook", "what the program printed is in the sentence"},
    {"deploy:", "acmectl deploy NAME TARGET, once it is mended"},
    {"helper:", "systemctl status acmed-deploy.socket, journalctl -u 'acmed-deploy@*'"},
    {"process:start", "the program's path, and its rights"},
    {"file:13", "run as root, or as the user of acmed"},
    {"file:28", "make room on the disk"},
    {"store:locked", "systemctl reload acmed, where that is the service"},
    {"curl:", "the network, the firewall and the proxy of this host, and the URL"},
});

}  // namespace

std::string_view mend_of(std::string_view cause) {
  for (const auto& each : mends) {
    if (each.cause.ends_with(':') ? cause.starts_with(each.cause) : cause == each.cause) return each.mend;
  }
  return {};
}

}  // namespace acmed::doctor
