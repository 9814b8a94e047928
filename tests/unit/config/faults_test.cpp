// SPDX-License-Identifier: Apache-2.0
#include "config/load.h"
#include "tests/unit/config/folder.h"

namespace acmed::config {
namespace {

using Catch::Contains;

/// Puts the lines of a case where they belong in a file.
using Frame = std::string (*)(const std::string& lines);

struct Case {
  std::string lines;
  std::string expected;  ///< part of what is reported
};

/// Each case makes the expected sentence, and only that one.
void check(Frame frame, std::initializer_list<Case> cases) {
  const Folder folder;
  folder.write("text", "no certificate");
  for (const auto& [lines, expected] : cases) {
    INFO(lines);
    const auto faults = folder.faults(frame(lines));
    CHECK_THAT(faults, Contains(expected));
    CHECK(faults.find('\n') == std::string::npos);
    CHECK(faults.find("hush") == std::string::npos);
  }
}

std::string whole(const std::string& lines) {
  return lines;
}
std::string after_basis(const std::string& lines) {
  return basis + lines;
}
std::string ca(const std::string& lines) {
  return "[ca.corp]\nterms_agreed = true\n" + lines;
}
std::string ca_with_directory(const std::string& lines) {
  return ca("directory = \"https://ca.corp.example/d\"\n" + lines);
}
std::string provider(const std::string& lines) {
  return "[provider.x]\ntype = \"rfc2136\"\nserver = \"192.0.2.1\"\nzones = [\"corp.example\"]\n" + lines;
}
std::string responder(const std::string& lines) {
  return "[provider.x]\ntype = \"responder\"\nzones = [\"acme.example\"]\n" + lines;
}
/// 251 octets: it leaves no room for a label in front.
const std::string long_zone = [] {
  std::string zone = "z";
  for (int i = 0; i < 125; ++i) zone += ".x";
  return zone;
}();
const std::string other_responder = "[provider.y]\ntype = \"responder\"\nzones = [\"acme2.example\"]\n";
std::string powerdns(const std::string& lines) {
  return "[provider.x]\ntype = \"powerdns\"\nzones = [\"corp.example\"]\n" + lines;
}
std::string acme_dns(const std::string& lines) {
  return "[provider.x]\ntype = \"acme-dns\"\nurl = \"https://auth.example\"\nzones = [\"auth.example\"]\n" + lines;
}
std::string account(const std::string& lines) {
  return acme_dns("[[provider.x.accounts]]\nsubdomain = \"s\"\nusername = \"u\"\n" + lines);
}
std::string certificate(const std::string& lines) {
  return basis + "[[certificate]]\n" + lines;
}
std::string certificate_with_names(const std::string& lines) {
  return certificate("domains = [\"corp.example\"]\n" + lines);
}
std::string target(const std::string& lines) {
  return certificate_with_names("[[certificate.deploy]]\nname = \"web\"\n" + lines);
}
/// A certificate of as many names.
std::string certificate_of(const std::string& count) {
  std::string domains = "domains = [";
  for (int i = 0; i < std::stoi(count); ++i) domains += "\"n" + std::to_string(i) + ".corp.example\",";
  return certificate(domains + "]");
}

}  // namespace

SCENARIO("faults of the whole file") {
  check(
      whole,
      {
          {"a = ", "acmed.toml:1:"},
          {"a = ", "this is not TOML: "},
          {"stat_directory = \"/x\"",
           "acmed.toml:1:1: stat_directory: there is no such key; did you mean state_directory?"},
          {"state_directory = 1", "acmed.toml:1:19: state_directory: 1 was found, a string is wanted"},
          {"state_directory = \"\"", "state_directory: an empty string was found"},
          {"state_directory = \"a\\u0000b\"", "the string holds a NUL character"},
          {"include = \"x\"", "acmed.toml:1:11: include: \"x\" was found, a list of strings, [\"...\"], is wanted"},
          {"[notify]\non_failure = []", "acmed.toml:2:14: notify.on_failure: "},
          {"[notify]\non_failure = [\"./x\"]", "notify.on_failure: \"./x\" was found; the program is an absolute path"},
          {"[notify]\nafter = \"1h\"", "acmed.toml:1:1: notify.on_failure: is missing: a program to call"},
          {"[notify]\non_failure = [\"x\"]\nafter = \"90d\"", "acmed.toml:3:9: notify.after: "},
          {"[notify]\non_failure = [\"x\"]\nwarn_before = \"soon\"",
           "notify.warn_before: \"soon\" was found, the fraction of the lifetime that is left"},
          {"[notify]\non_failure = [\"x\"]\non_succes = [\"x\"]",
           "notify.on_succes: there is no such key; did you mean on_success?"},
          {"ca = 1", "acmed.toml:1:6: ca: 1 was found, a table is wanted"},
          {"[ca]\ndirectory = \"https://x\"",
           "acmed.toml:2:1: ca.directory: belongs into a table with a name of its own, [ca.NAME]"},
          {"[ca.\"A b\"]\nterms_agreed = true\ndirectory = \"https://x/\"",
           "\"A b\" was found; a name is of lower-case letters"},
          {"[certificate]\ndomains = []",
           "certificate: there may be several of these: write [[certificate]] with two brackets"},
          {"certificate = [1]", "certificate: 1 was found, a table is wanted"},
          {"certificate = 2026-01-01", "certificate: a date or time was found, [[certificate]] tables are wanted"},
      });
}

SCENARIO("faults of a CA") {
  check(whole, {
                   {"[ca.letsencrypt]",
                    "acmed.toml:1:5: ca.letsencrypt.terms_agreed: read the CA's terms of service, then agree by: "
                    "terms_agreed = true"},
                   {"[ca.letsencrypt]\nterms_agreed = false", "then agree by: terms_agreed = true"},
                   {"[ca.letsencrypt]\nterms_agreed = \"yes\"",
                    "acmed.toml:2:16: ca.letsencrypt.terms_agreed: \"yes\" was found, true or false is wanted"},
                   {"[ca.letsencript]\nterms_agreed = true", "did you mean letsencrypt?"},
                   {"[ca.letsencrypt]\nterms_agreed = true\n[ca.second]\nterms_agreed = true\naccount = \"b\"\n"
                    "directory = \"https://acme-v02.api.letsencrypt.org/directory\"\n"
                    "limits = { orders = { most = 3000, in = \"3h\" } }",
                    "ca.second.limits: [ca.letsencrypt] has the same directory and other limits"},
                   {"[ca.letsencrypt]\nterms_agreed = true\n[ca.short]\nterms_agreed = true\nprofile = \"s\"\n"
                    "directory = \"https://acme-v02.api.letsencrypt.org/directory\"\ncontact = [\"mailto:a@b.test\"]",
                    "ca.short.contact: [ca.letsencrypt] has the same account (directory, eab, account_key_type) and "
                    "another contact: give both the same, or an account of its own to one of them: account = "
                    "\"short\""},
               });
  check(
      ca,
      {
          {"", "ca.corp.directory: is missing; only letsencrypt, letsencrypt-staging, google, google-staging, zerossl"},
          {"directory = \"http://ca.corp.example/\"",
           "acmed.toml:3:13: ca.corp.directory: \"http://ca.corp.example/\" was found, an https URL is wanted"},
          {"directory = \"https:///x\"", "an https URL is wanted"},
          {"directory = \"https://x y\"", "an https URL is wanted"},
          {"directory = \"https\"", "an https URL is wanted"},
          {"directory = \"https://u:hush@ca.corp.example/d\"",
           "acmed.toml:3:13: ca.corp.directory: a URL with a user name or password in it was found"},
      });
  check(ca_with_directory,
        {
            {"account = \"\"", "ca.corp.account: an empty string was found"},
            {"account = \"My own\"", "ca.corp.account: \"My own\" was found, a name of lower-case letters"},
            {"contact = [\"hostmaster@corp.example\"]",
             "acmed.toml:4:12: ca.corp.contact: \"hostmaster@corp.example\" was found, \"mailto:\" and one address is "
             "wanted"},
            {"contact = [\"tel:+1\"]", "one address is wanted"},
            {"contact = [\"mailto:a@b.example,c@d.example\"]", "one address is wanted"},
            {"contact = [\"mailto:@b.example\"]", "one address is wanted"},
            {"contact = \"mailto:a@b.example\"", "a list of strings"},
            {"trust = \"none.pem\"", "ca.corp.trust: there is no file none.pem"},
            {"trust = \"text\"", "ca.corp.trust: text does not hold certificates in PEM"},
            {"profile_required = true", "ca.corp.profile_required: is true, but no profile is named"},
            {"account_key = \"nonsense\"", "ca.corp.account_key: this is no private key in PEM"},
            {"account_key_type = \"ed25519\"",
             "ca.corp.account_key_type: \"ed25519\" is not one of ecdsa-p256, ecdsa-p384, rsa-2048, rsa-3072 or "
             "rsa-4096"},
            {"concurrency = 0", "ca.corp.concurrency: 0 was found, an integer from 1 to 1000 is wanted"},
            {"concurrency = 1.5", "ca.corp.concurrency: 1.5 was found"},
            {"eab = { kid = \"k\" }", "ca.corp.eab.hmac_key: is missing"},
            {"eab = { hmac_key = \"MDEyMzQ1Njc4OTAxMjM0NTY3ODkw\" }", "ca.corp.eab.kid: is missing"},
            {"eab = { kid = \"k\", hmac_key = \"%\" }",
             "ca.corp.eab.hmac_key: the key is not base64url; copy it as the CA shows it"},
            {"eab = { kid = \"k\", hmac_key = \"MDEy\" }", "the key has 3 octets, at least 16 are wanted"},
            {"eab = { kid = \"k\", hmac = \"x\", hmac_key = \"MDEyMzQ1Njc4OTAxMjM0NTY3ODkw\" }",
             "ca.corp.eab.hmac: there is no such key"},
            {"hosts = \"ca2.example\"", "ca.corp.hosts: \"ca2.example\" was found, a list of strings"},
            {"hosts = [\"https://ca2.example/\"]", "ca.corp.hosts: \"https://ca2.example/\" is no server"},
            {"common_name = \"last\"", "ca.corp.common_name: \"last\" is not one of first or none"},
            {"limits = { order = { most = 1, in = \"1h\" } }",
             "ca.corp.limits.order: there is no such key; did you mean orders?"},
            {"limits = { orders = 300 }", "ca.corp.limits.orders: 300 was found, a table"},
            {"limits = { orders = { in = \"3h\" } }",
             "ca.corp.limits.orders.most: is missing: how many the CA allows: most = 300"},
            {"limits = { orders = { most = 300 } }",
             "ca.corp.limits.orders.in: is missing: in which time it allows them: in = \"3h\""},
            {"limits = { orders = { most = 0, in = \"3h\" } }", "0 was found, an integer from 1 to 1000000 is wanted"},
            {"limits = { domain = { most = 1, in = \"3s\" } }", "ca.corp.limits.domain.in: \"3s\" was found"},
            {"profil = \"x\"", "ca.corp.profil: there is no such key; did you mean profile?"},
        });
}

SCENARIO("faults of a PowerDNS server") {
  check(
      powerdns,
      {
          {"api_key = \"k\"", "acmed.toml:1:11: provider.x.url: is missing: where the server's API is"},
          {"url = \"ftp://x\"\napi_key = \"k\"", "acmed.toml:4:7: provider.x.url: \"ftp://x\" was found, a URL"},
          {"url = \"https://x:8081\"", "provider.x.api_key: is missing: what the server has as api-key"},
          {"url = \"http://x:8081\"\napi_key = \"k\"",
           "acmed.toml:4:7: provider.x.url: \"http://x:8081\" would send secrets to another host in the clear"},
          {"url = \"http://127.0.0.1.example:80\"\napi_key = \"k\"\nallow_http = false", "in the clear; give an https"},
          {"url = \"https://x:8081\"\napi_key = \"k\"\nallow_http = 1", "provider.x.allow_http: "},
          {"url = \"http://u:hush@x:8081\"\napi_key = \"k\"", "a URL with a user name or password in it was found"},
          {"url = \"https://x:8081\"\napi_key = 7", "provider.x.api_key: "},
          {"url = \"https://x:8081\"\napi_key = \"k\"\nserver_id = \"a/b\"",
           "acmed.toml:6:13: provider.x.server_id: \"a/b\" was found, the id that the API has"},
          {"url = \"https://x:8081\"\napi_key = \"k\"\ntrust = \"text\"", "provider.x.trust: "},
          {"url = \"https://x:8081\"\napi_key = \"k\"\nserver = \"x\"", "provider.x.server: there is no such key"},
      });
}

SCENARIO("faults of an acme-dns server") {
  check(acme_dns,
        {
            {"allow_from = [\"192.0.2.1\"]", "acmed.toml:5:15: provider.x.allow_from: \"192.0.2.1\" is no network"},
            {"allow_from = [\"192.0.2.0/33\"]", "\"192.0.2.0/33\" is no network"},
            {"allow_from = [\"2001:db8::/129\"]", "\"2001:db8::/129\" is no network"},
            {"account = []", "provider.x.account: there is no such key; did you mean accounts?"},
        });
  check(account, {
                     {"domain = \"a.example\"\nfulldomain = \"s.auth.example\"",
                      "provider.x.accounts.password: is missing: what the server gave"},
                     {"domain = \"a.example\"\npassword = \"p\"", "provider.x.accounts.fulldomain: is missing"},
                     {"fulldomain = \"s.auth.example\"\npassword = \"p\"", "provider.x.accounts.domain: is missing"},
                     {"domain = \"a.example\"\npassword = \"p\"\nfulldomain = \"s.other.example\"",
                      "provider.x.accounts.fulldomain: \"s.other.example\" is in none of the provider's zones; add the "
                      "server's own domain to them, \"other.example\""},
                 });
}

SCENARIO("faults of a provider") {
  check(whole,
        {
            {"[provider.x]\nserver = \"192.0.2.1\"\nzones = [\"a.example\"]",
             "acmed.toml:1:11: provider.x.type: is missing"},
            {"[provider.x]\ntype = \"rfc2163\"\nzones = [\"a.example\"]",
             "acmed.toml:2:8: provider.x.type: \"rfc2163\" is not one of "},
            {"[provider.x]\ntype = \"rfc2163\"\nzones = [\"a.example\"]", "; did you mean rfc2136?"},
            {"[provider.x]\ntype = \"rfc2136\"\nzones = [\"a.example\"]", "provider.x.server: is missing"},
            {"[provider.x]\ntype = \"rfc2136\"\nserver = \"ns1:dns\"\nzones = [\"a.example\"]",
             "provider.x.server: \"ns1:dns\" is no server"},
            {"[provider.x]\ntype = \"rfc2136\"\nserver = \"ns1\"", "provider.x.zones: is missing"},
            {"[provider.x]\ntype = \"rfc2136\"\nserver = \"ns1\"\nzones = []",
             "acmed.toml:4:9: provider.x.zones: the list is empty"},
            {"[provider.x]\ntype = \"rfc2136\"\nserver = \"ns1\"\nzones = [\"*.a.example\"]", "name the zone alone"},
            {"[propagation]\nresolvers = [\"dns.example\"]",
             "acmed.toml:2:14: propagation.resolvers: \"dns.example\" is no IP address"},
            {"[propagation]\ntimout = \"1m\"", "propagation.timout: there is no such key; did you mean timeout?"},
        });
  check(after_basis,
        {
            {"[provider.x]\ntype = \"rfc2136\"\nserver = \"192.0.2.1\"\nzones = [\"corp.example\"]\n",
             "acmed.toml:11:10: provider.x.zones: \"corp.example\" is named already at acmed.toml:6; a zone has one "
             "provider"},
        });
  check(provider,
        {
            {"propagation = { timeout = 5 }", "provider.x.propagation.timeout: 5 was found, a duration with its unit"},
            {"propagation = { timeout = \"0s\" }", "\"0s\" was found, 1.0 s to 7 d are allowed"},
            {"propagation = { require = \"some\" }", "\"some\" is not one of all, quorum or none"},
            {"propagation = { exclude = [\"::/129\"] }", "provider.x.propagation.exclude: \"::/129\" is no network"},
            {"propagation = { exclude = [\"192.0.2\"] }",
             "provider.x.propagation.exclude: \"192.0.2\" is no name server"},
            {"propagation = { exclude = [\"192.0.2.1:53\"] }", "without a port"},
            {"propagation = { extra = [\"192.0.2.1:x\"] }",
             "provider.x.propagation.extra: \"192.0.2.1:x\" is no IP address"},
            {"propagation = { resolvers = [\"192.0.2.1\"] }",
             "provider.x.propagation.resolvers: resolvers are for all alike; set them in [propagation]"},
        });
}

SCENARIO("faults of a responder") {
  check(
      responder,
      {
          {"listen = [\"ns1.example\"]", "acmed.toml:4:11: provider.x.listen: \"ns1.example\" is no IP address"},
          {"listen = []\naddresses = [\"192.0.2.1\"]", "acmed.toml:4:10: provider.x.listen: the list is empty"},
          {"listen = [\"192.0.2.1\", \"192.0.2.1\"]", "provider.x.listen: \"192.0.2.1\" is named twice"},
          {"addresses = [\"192.0.2.1:53\"]", "provider.x.addresses: \"192.0.2.1:53\" is no IP address"},
          {"",
           "acmed.toml:1:11: provider.x.addresses: is missing: the addresses at which the Internet reaches "
           "ns.acme.example, the name server of acme.example"},
          {"listen = [\"0.0.0.0\", \"[::0]:53\"]", "provider.x.addresses: is missing"},
          {"name_server = \"a.b.acme.example\"", "the Internet reaches a.b.acme.example"},
          {"name_server = \"192.0.2.1\"", "provider.x.name_server: \"192.0.2.1\" is an IP address"},
          {"listen = [\"192.0.2.1\"]\ncontact = \"host.master@acme.example\"",
           "provider.x.contact: \"host.master@acme.example\" has a '.' before its '@'"},
          {"listen = [\"192.0.2.1\"]\nresponses_per_second = -1",
           "provider.x.responses_per_second: -1 was found, an integer from 0 to 1000000 is wanted"},
          {"listen = [\"192.0.2.1\"]\nserver = \"192.0.2.1\"", "provider.x.server: there is no such key"},
          {"listen = [\"192.0.2.1\"]\ndelegated = [\"acme.example\"]",
           "provider.x.delegated: \"acme.example\" is named already at acmed.toml:3; a zone has one provider"},
          {"listen = [\"192.0.2.1\"]\n" + other_responder + "listen = [\"192.0.2.1:53\"]\n",
           "acmed.toml:5:11: provider.y.listen: provider x listens on 192.0.2.1:53 too; name other addresses"},
          {"addresses = [\"192.0.2.1\"]\n" + other_responder + "addresses = [\"192.0.2.1\"]\n",
           "acmed.toml:5:11: provider.y.listen: is missing, as with provider x: only one of them can have all sockets"},
      });
  check(whole, {
                   {"[provider.x]\ntype = \"responder\"\nzones = [\"_acme-challenge.a.example\"]\nlisten = "
                    "[\"192.0.2.1\"]",
                    "acmed.toml:1:11: provider.x.name_server: is missing: the default for the zone "
                    "_acme-challenge.a.example would be ns._acme-challenge.a.example, which is no host name"},
                   {"[provider.x]\ntype = \"responder\"\nlisten = [\"192.0.2.1\"]\nzones = [\"" + long_zone + "\"]",
                    "acmed.toml:1:11: provider.x.zones: " + long_zone + " is too long: there is no room for the names"},
               });
}

SCENARIO("faults of a certificate") {
  check(
      certificate,
      {
          {"", "acmed.toml:8:1: certificate.domains: is missing"},
          {"domains = []", "acmed.toml:9:11: certificate.domains: the list is empty"},
          {"domains = \"corp.example\"", "certificate.domains: \"corp.example\" was found, a list of strings"},
          {"domains = [\"corp.example\", 1]", "acmed.toml:9:28: certificate.domains: 1 was found, a string is wanted"},
          {"domains = [\"corp.example\", \"CORP.example.\"]",
           "acmed.toml:9:28: certificate.domains: \"corp.example\" is in the list twice"},
          {"domains = [\"192.0.2.1\"]", "is an IP address"},
          {"domains = [\"www.example.net\"]",
           "\"www.example.net\" is served by no provider; there are the zones corp.example and other.example"},
          {"domains = [\"corp.example\", \"a.corp.example\"]\n[[certificate]]\ndomains = [\"a.corp.example\", "
           "\"corp.example\"]",
           "acmed.toml:10:1: certificate.domains: the certificate at acmed.toml:8 has the same names, key type and CA"},
      });
  check(certificate_of,
        {
            {"101", "certificate.domains: there are 101 names, 100 are allowed; make several certificates of them"},
        });
  check(whole,
        {
            {"[ca.letsencrypt]\nterms_agreed = true\n[[certificate]]\ndomains = [\"a.example\"]",
             "\"a.example\" is served by no provider; add a [provider.NAME] with its zone"},
            {"[provider.x]\ntype = \"rfc2136\"\nserver = \"ns1\"\nzones = [\"a.example\"]\n[[certificate]]\ndomains = "
             "[\"a.example\"]",
             "certificate.ca: there is no [ca.NAME] yet; add [ca.letsencrypt]"},
        });
  check(
      certificate_with_names,
      {
          {"name = \"Corp\"", "acmed.toml:10:8: certificate.name: \"Corp\" was found; a name is of lower-case letters"},
          {"name = \"..\"", "does not begin with a dot"},
          {"name = \"a/b\"", "a name is of lower-case letters"},
          {"[[certificate]]\ndomains = [\"corp.example\", \"a.corp.example\"]",
           "acmed.toml:10:1: certificate.name: \"corp.example\" is already the name of the certificate at "
           "acmed.toml:8"},
          {"ca = \"letsencrpt\"",
           "acmed.toml:10:6: certificate.ca: there is no [ca.letsencrpt]; did you mean letsencrypt?"},
          {"ca = \"google\"", "there is no [ca.google]; add [ca.google] with terms_agreed = true"},
          {"ca = [\"letsencrypt\", \"letsencrpt\"]",
           "acmed.toml:10:22: certificate.ca: there is no [ca.letsencrpt]; did you mean letsencrypt?"},
          {"ca = [\"letsencrypt\", \"letsencrypt\"]", "certificate.ca: \"letsencrypt\" is in the list twice"},
          {"ca = []", "certificate.ca: the list is empty; name the CA that is asked first"},
          {"ca = [1]", "certificate.ca"},
          {"[ca.zerossl]\nterms_agreed = true",
           "certificate.ca: is missing, and there are several CAs: letsencrypt or zerossl"},
          {"key_type = \"rsa-1024\"", "\"rsa-1024\" is not one of ecdsa-p256"},
          {"key_type = [\"rsa-2048\", \"rsa-1024\"]", "certificate.key_type: \"rsa-1024\" is not one of ecdsa-p256"},
          {"key_type = [\"rsa-2048\", \"rsa-2048\"]", "certificate.key_type: \"rsa-2048\" is in the list twice"},
          {"key_type = []", "certificate.key_type: the list is empty"},
          {"key_type = [\"ecdsa-p256\", \"rsa-2048\"]\n[[certificate.deploy]]\nname = \"web\"\ndirectory = \"/x\"",
           "certificate.deploy: the certificates of the key types that key_type lists would all write "
           "/x/fullchain.pem; "
           "put {key_type} or {name} into the directory or the file names"},
          {"name = \"web\"\nkey_type = [\"ecdsa-p256\", \"rsa-2048\"]\n[[certificate]]\nname = \"web.rsa\"\n"
           "domains = [\"b.corp.example\"]",
           "certificate.name: \"web.rsa\" is already the name of the certificate at acmed.toml:"},
          {"key_type = [\"ecdsa-p256\", \"rsa-2048\"]\n[[certificate]]\nname = \"second\"\n"
           "domains = [\"corp.example\"]\nkey_type = \"rsa-2048\"",
           "has the same names, key type and CA"},
          {"preferred_chain = \"sha256:12\"",
           "certificate.preferred_chain: \"sha256:12\" was found, \"sha256:\" and the 64 hexadecimal digits"},
          {"group = \"no-such-group\"", "certificate.group: this host has no group \"no-such-group\""},
          {"renew = \"1\"", "certificate.renew: \"1\" was found, the fraction of the lifetime that is left"},
          {"renew = 0.0", "certificate.renew: 0 was found"},
          {"renew = nan", "certificate.renew: nan was found"},
          {"renew = \"30s\"", "certificate.renew: \"30s\" was found, 60 s to 366 d are allowed"},
          {"renew = \"30\"",
           "certificate.renew: \"30\" was found, the fraction of the lifetime that is left, more than 0 and less than "
           "1"},
          {"renew = \"3y\"", "certificate.renew: \"3y\" was found"},
          {"renew = 1", "certificate.renew: 1 was found"},
          {"domain = [\"x\"]", "acmed.toml:10:1: certificate.domain: there is no such key; did you mean domains?"},
      });
  check(after_basis,
        {
            {"[defaults]\nname = \"x\"", "acmed.toml:9:1: defaults.name: each certificate has its own name"},
            {"[defaults]\ndomains = [\"x\"]", "defaults.domains: each certificate has its own domains"},
            {"[defaults]\nca = \"x\"", "acmed.toml:9:6: defaults.ca: there is no [ca.x]"},
            {"[defaults]\nrenew = \"arid\"\n[[certificate]]\ndomains = [\"corp.example\"]",
             "acmed.toml:9:9: defaults.renew: \"arid\" was found"},
        });
}

SCENARIO("faults of a target") {
  check(certificate_with_names,
        {
            {"[[certificate.deploy]]\ndirectory = \"/x\"", "acmed.toml:10:1: certificate.deploy.name: is missing"},
        });
  check(
      target,
      {
          {"", "acmed.toml:10:1: certificate.deploy: this target does nothing"},
          {"timeout = \"5s\"", "this target does nothing"},
          {"directory = \"/x\"\n[[certificate.deploy]]\nname = \"web\"\ndirectory = \"/y\"",
           "certificate.deploy.name: \"web\" is already the name of the target at acmed.toml:10"},
          {"directory = \"/x\"\n[[certificate.deploy]]\nname = \"mail\"\ndirectory = \"/x/\"",
           "acmed.toml:13:1: certificate.deploy: /x/fullchain.pem is already written by the target at acmed.toml:10"},
          {"files = { cert = \"x\" }", "certificate.deploy.files: there are files but no `directory` to write them to"},
          {"directory = \"/x\"\nfiles = {}", "certificate.deploy.files: names no file"},
          {"directory = \"/x\"\nfiles = { crt = \"x\" }",
           "certificate.deploy.files.crt: there is no such key; did you mean cert?"},
          {"directory = \"/x\"\nfiles = { pkcs12 = \"x\" }",
           "certificate.deploy.pkcs12_password: is missing: what PKCS #12 is encrypted with"},
          {"directory = \"/x\"\npkcs12_password = \"changeit\"",
           "certificate.deploy.pkcs12_password: this target writes no PKCS #12"},
          {"directory = \"/x\"\nfiles = { cert = \"a/b\" }",
           "certificate.deploy.files.cert: \"a/b\" is no plain file name"},
          {"directory = \"/x\"\nfiles = { cert = \"..\" }", "is no plain file name"},
          {"directory = \"/x\"\nfiles = { cert = \".acmed-x\" }", "begins with a dot"},
          {"directory = \"/x\"\nfiles = { cert = \"x\", privkey = \"x\" }",
           "certificate.deploy.files.privkey: \"x\" is already the name of another file"},
          {"directory = \"/x\"\nowner = \"nobody-of-that-name\"",
           "certificate.deploy.owner: this host has no user \"nobody-of-that-name\""},
          {"directory = \"/x\"\ngroup = \"nobody-of-that-name\"",
           "certificate.deploy.group: this host has no group \"nobody-of-that-name\""},
          {"directory = \"/x\"\nmode = 640",
           "certificate.deploy.mode: 640 was found, an octal number such as 0o640 is wanted"},
          {"directory = \"/x\"\nmode = \"0640\"", "certificate.deploy.mode: \"0640\" was found, an octal number"},
          {"directory = \"/x\"\nmode = 0o644",
           "certificate.deploy.mode: 0o644 opens the private key to every user of this host"},
          {"directory = \"/x\"\nmode = 0o4640", "0o4640 was found, only read and write bits are allowed"},
          {"directory = \"/x\"\nmode = 0o040", "0o40 keeps the owner from reading"},
          {"post_hook = [\"x\"]\nmode = 0o600", "certificate.deploy.mode: this target writes no files"},
          {"test = \"nginx -t\"", "certificate.deploy.test: \"nginx -t\" was found, a program and its arguments"},
          {"test = []", "certificate.deploy.test: a list was found, a program and its arguments"},
          {"test = [\"nginx -t\"]",
           "certificate.deploy.test: \"nginx -t\" was found; the program is an absolute path or a plain name"},
          {"post_hook = [\"./x\"]", "certificate.deploy.post_hook: \"./x\" was found; the program is"},
          {"post_hook = [\"x\", 1]", "certificate.deploy.post_hook: 1 was found, a string is wanted"},
          {"post_hook = [\"x\"]\ntimeout = \"2h\"",
           "certificate.deploy.timeout: \"2h\" was found, 1 ms to 60 min are allowed"},
          {"directory = \"/x\"\nmode = { privkey = 0o644, fullchain = 0o644 }",
           "certificate.deploy.mode.privkey: 0o644 opens the private key to every user of this host"},
          {"directory = \"/x\"\nmode = { cert = 0o644 }",
           "certificate.deploy.mode.cert: this target writes no such file"},
          {"directory = \"/x\"\nowner = { privkey = \"nobody-of-that-name\" }",
           "certificate.deploy.owner.privkey: this host has no user \"nobody-of-that-name\""},
          {"directory = \"/x\"\ngroup = 4294967295", "certificate.deploy.group: this host has no group"},
          {"reload = [\"nginx\"]",
           "certificate.deploy.reload: \"nginx\" was found; a unit is named in full, \"nginx.service\""},
          {"reload = \"nginx.service\"", "certificate.deploy.reload: \"nginx.service\" was found, a list"},
          {"reload = [\"a b.service\"]", "\"a b.service\" was found, which is no name of a unit"},
          {"reload = [\"getty@.service\"]", "\"getty@.service\" was found, which is a template"},
          {"reload = [\"a.service\", \"a.service\"]", "\"a.service\" is in the list twice"},
          {"reload = [\"a.service\"]\nrestart = [\"a.service\"]",
           "certificate.deploy.restart: \"a.service\" is also in `reload`"},
          {"verify = { connect = \"localhost\" }",
           "certificate.deploy.verify.connect: \"localhost\" was found, an address or host name with a port is wanted"},
          {"verify = { connect = \"::1\" }", "\"::1\" was found, an address or host name with a port is wanted"},
          {"verify = { server_name = \"x.example\" }", "certificate.deploy.verify.connect: is missing"},
          {"verify = { connect = \"[::1]:443\", server_name = \"*.x.example\" }",
           "certificate.deploy.verify.server_name: \"*.x.example\" is a wildcard; name one host"},
          {"verify = { connect = \"[::1]:443\", starttls = \"smpt\" }",
           "certificate.deploy.verify.starttls: \"smpt\" is not one of smtp, imap, pop3, ldap or postgres; did you "
           "mean smtp?"},
          {"directory = \"/x\"\npost_hok = []",
           "certificate.deploy.post_hok: there is no such key; did you mean post_hook?"},
      });
  check(after_basis,
        {
            {"[[defaults.deploy]]\nname = \"web\"\ndirectory = \"/x\"\nfiles = { cert = \"a\" "
             "}\n[[certificate]]\ndomains = [\"a.corp.example\"]\n[[certificate]]\ndomains = [\"b.corp.example\"]",
             "acmed.toml:8:1: defaults.deploy: several certificates would write /x/a; put {name} into"},
            {"[[defaults.deploy]]\nname = \"web\"\ndirectory = \"/x\"\nfiles = { cert = \"{name}\" "
             "}\n[[certificate]]\ndomains = [\"a.corp.example\"]\n[[certificate]]\ndomains = [\"b.corp.example\"]\n"
             "[[certificate.deploy]]\nname = \"web\"\ndirectory = \"/x\"\nfiles = { cert = \"a.corp.example\" }",
             "acmed.toml:16:1: certificate.deploy: /x/a.corp.example is already written by the target at acmed.toml:8"},
            {"[[defaults.deploy]]\nname = \"web\"\ndirectory = \"/x\"\nfiles = { cert = \"{name}\" "
             "}\n[[certificate]]\nname = \"" +
                 std::string(180, 'a') + "\"\ndomains = [\"a.corp.example\"]",
             "acmed.toml:8:1: certificate.deploy.files: the name is 180 octets long, 160 are allowed"},
        });
}

SCENARIO("certificates that differ in key type or CA may have the same names") {
  const Folder folder;
  CHECK(folder.faults(certificate_with_names("[[certificate]]\nname = \"rsa\"\nkey_type = \"rsa-2048\"\n"
                                             "domains = [\"corp.example\"]")) == "none");
}

SCENARIO("a world-readable mode is right for files without a key") {
  const Folder folder;
  const auto config =
      folder.load(target("directory = \"/x\"\nmode = 0o644\nfiles = { fullchain = \"a\", chain = \"b\" }"));
  CHECK(config.certificates[0].deploy[0].mode == 0644);
}

SCENARIO("all faults are reported at once, in the order of the lines") {
  const Folder folder;
  CHECK(
      folder.faults("[[certificate]]\nrenew = 7\n[provider.x]\ntype = 7\n[ca.z]\n\nfoo = 1\n") ==
      "acmed.toml:1:1: certificate.domains: is missing: the names that the certificate is for, "
      "[\"www.example.com\"]\n"
      "acmed.toml:2:9: certificate.renew: 7 was found, the fraction of the lifetime that is left, more than 0 and less "
      "than 1, \"0.33\", or a time such as \"30d\", is wanted\n"
      "acmed.toml:3:11: provider.x.zones: is missing: the zones whose names it serves, [\"example.com\"]\n"
      "acmed.toml:4:8: provider.x.type: 7 was found, a string is wanted\n"
      "acmed.toml:5:5: ca.z.directory: is missing; only letsencrypt, letsencrypt-staging, google, google-staging, "
      "zerossl, sslcom, sslcom-ecc, sslcom-rsa and sectigo bring their own\n"
      "acmed.toml:5:5: ca.z.terms_agreed: read the CA's terms of service, then agree by: terms_agreed = true\n"
      "acmed.toml:7:1: ca.z.foo: there is no such key");
}

}  // namespace acmed::config
