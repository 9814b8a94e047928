// SPDX-License-Identifier: Apache-2.0
#include "config/load.h"

#include <errno.h>

#include "base/crypto/encoding.h"
#include "config/providers/responder.h"
#include "tests/unit/base/name_service.h"
#include "tests/unit/config/folder.h"

namespace acmed::config {

using namespace std::chrono_literals;

namespace {

/// A self-signed certificate of a test root.
constexpr const char* root_pem = R"(-----BEGIN CERTIFICATE-----
MIIBfzCCASWgAwIBAgIUYog2ivI9H56MsD7EWwW2l9+YUyMwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJQ29ycCBSb290MCAXDTI2MTEyMjEwMzQwM1oYDzIxMjYxMDI5
MTAzNDAzWjAUMRIwEAYDVQQDDAlDb3JwIFJvb3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAATSrYUE/1D7ptxRZQUDPl6+QkAv9SGbi0I7Pm56i+ECYVR0hRk/dHS7
3o1AxV5AVeD1D6lMPaTcn8nUTGS37Pcno1MwUTAdBgNVHQ4EFgQUqs5uN8wmtJaA
Vulzy52HzSBEAu8wHwYDVR0jBBgwFoAUqs5uN8wmtJaAVulzy52HzSBEAu8wDwYD
VR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNIADBFAiAQegrQq74hIOWlJI8pVaIU
MnbV/p2AtKu8DTy0OXbonAIhAJCkKm7Kl3+5GxQGwRAlmb4WbVJob+xwdg8/qa15
8Qr9
-----END CERTIFICATE-----
)";

}  // namespace

SCENARIO("a full configuration is read") {
  const Folder folder;
  folder.write("corp-root.pem", root_pem);
  folder.write("eab.key", "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE\n");
  folder.write("bind.tsig",
               R"(key "acmed." { algorithm hmac-sha512; secret "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="; };)");
  const auto config = folder.load(R"(
state_directory = "state"

[defaults]
ca = "letsencrypt"
key_type = "ecdsa-p384"
renew = "0.4"
propagation = { settle = "5s" }

[ca.letsencrypt]
contact = ["mailto:hostmaster@example.com"]
terms_agreed = true
[ca.internal]
directory = "https://ca.corp.example/acme/directory"
terms_agreed = true
trust = "corp-root.pem"
profile = "tlsserver"
profile_required = true
eab = { kid = "k1", hmac_key = { file = "eab.key" } }
preferred_chain = "Corp Root X1"
account_key_type = "rsa-3072"
concurrency = 4
hosts = ["CA2.corp.example", "192.0.2.1:8443", "2001:db8::1", "[2001:db8::2]:9443"]
common_name = "first"
[ca.internal.limits]
orders = { most = 20, in = "1h" }
domain = { most = 500, in = "7d" }

[provider.bind]
type = "rfc2136"
server = "NS1.corp.example:5353"
tsig = { secret = { file = "bind.tsig" } }
zones = ["corp.example", "Bücher.example."]
propagation = { timeout = "2m" }
[provider.lab]
type = "rfc2136"
server = "[2001:db8::1]:53"
zones = ["lab.corp.example"]

[propagation]
timeout = "20m"
interval_max = "5s"
require = "quorum"
resolvers = ["10.0.0.53", "[2001:db8::53]:5353"]
exclude = ["192.0.2.1", "::/0", "ns2.Example.net"]
extra = ["192.0.2.2:5300"]

[[certificate]]
domains = ["*.corp.example", "BÜCHER.example", "corp.example."]
[[certificate]]
name = "second"
domains = ["www.corp.example"]
ca = "internal"
key_type = "rsa-2048"
renew = 0.25
propagation = { timeout = "1m", settle = "0s" }

  [[certificate.deploy]]
  name = "web"
  directory = "/etc/web/tls/"
  owner = "root"
  group = "root"
  mode = 0o600
  test = ["nginx", "-t"]
  post_hook = ["/usr/local/bin/purge", ""]
  timeout = "10s"
  [[certificate.deploy]]
  name = "mail"
  directory = "tls"
  files = { combined = "mail.pem", cert = "cert.pem" }
)");

  THEN("paths are absolute, relative ones from the file's folder") {
    CHECK(config.file == folder.path("acmed.toml"));
    CHECK(config.state_directory == folder.path("state"));
    CHECK(config.certificates[1].deploy[0].directory == "/etc/web/tls");
    CHECK(config.certificates[1].deploy[1].directory == folder.path("tls"));
  }
  THEN("a well-known CA has its directory, another what was given") {
    CHECK(config.cas.at("letsencrypt").directory == "https://acme-v02.api.letsencrypt.org/directory");
    CHECK(config.cas.at("letsencrypt").contact == std::vector<std::string>{"mailto:hostmaster@example.com"});
    CHECK(config.cas.at("letsencrypt").account_key == crypto::KeyType::ecdsa_p256);
    CHECK(config.cas.at("letsencrypt").concurrency == 32);
    const auto& ca = config.cas.at("internal");
    CHECK(ca.name == "internal");
    CHECK(ca.directory == "https://ca.corp.example/acme/directory");
    CHECK(ca.terms_agreed);
    CHECK(ca.trust_pem == root_pem);
    CHECK(ca.profile == "tlsserver");
    CHECK(ca.profile_required);
    REQUIRE(ca.external_account);
    CHECK(ca.external_account->key_id == "k1");
    CHECK(ca.external_account->hmac_key.latest().reveal() == "01234567890123456789012345678901");
    CHECK(ca.preferred_chain == "Corp Root X1");
    CHECK(ca.account_key == crypto::KeyType::rsa_3072);
    CHECK(ca.concurrency == 4);
    CHECK(ca.hosts ==
          std::vector<std::string>{"ca2.corp.example", "192.0.2.1:8443", "[2001:db8::1]", "[2001:db8::2]:9443"});
    CHECK(ca.has_common_name);
    CHECK(ca.limits.orders == Limit{20, std::chrono::hours(1)});
    CHECK(ca.limits.domain == Limit{500, std::chrono::hours(24 * 7)});
    CHECK_FALSE(ca.limits.same_names);
    CHECK_FALSE(ca.limits.failures);
    CHECK_FALSE(config.cas.at("letsencrypt").has_common_name);
    CHECK(config.cas.at("letsencrypt").hosts.empty());
  }
  THEN("a provider has its server, zones and key; the key file names the key") {
    REQUIRE(config.providers.size() == 2);
    const auto& bind = config.providers[0];
    CHECK(bind.name == "bind");
    CHECK(bind.zones == std::vector<std::string>{"corp.example", "xn--bcher-kva.example"});
    CHECK(std::get<Rfc2136>(bind.settings).server == "ns1.corp.example:5353");
    REQUIRE(std::get<Rfc2136>(bind.settings).tsig);
    CHECK(std::get<Rfc2136>(bind.settings).tsig->name == "acmed");
    CHECK(std::get<Rfc2136>(bind.settings).tsig->algorithm == crypto::Digest::sha512);
    CHECK(std::get<Rfc2136>(bind.settings).tsig->secret.latest().reveal() == "01234567890123456789012345678901");
    CHECK(std::get<Rfc2136>(config.providers[1].settings).server == "[2001:db8::1]:53");
    CHECK_FALSE(std::get<Rfc2136>(config.providers[1].settings).tsig);
  }
  THEN("the longest zone has the name") {
    CHECK(provider_for(config, "corp.example")->name == "bind");
    CHECK(provider_for(config, "a.b.corp.example")->name == "bind");
    CHECK(provider_for(config, "lab.corp.example")->name == "lab");
    CHECK(provider_for(config, "_acme-challenge.x.lab.corp.example")->name == "lab");
    CHECK(provider_for(config, "xlab.corp.example")->name == "bind");
    CHECK(provider_for(config, "xcorp.example") == nullptr);
  }
  THEN("propagation goes from the certificate over the provider to the whole") {
    CHECK(config.propagation.timeout == 20min);
    CHECK(config.propagation.interval_max == 5s);
    CHECK(config.propagation.require == Propagation::Require::quorum);
    CHECK(config.resolvers == std::vector<std::string>{"10.0.0.53", "[2001:db8::53]:5353"});
    CHECK(config.propagation.exclude == std::vector<std::string>{"192.0.2.1", "::/0", "ns2.example.net"});
    CHECK(config.propagation.extra == std::vector<std::string>{"192.0.2.2:5300"});
    CHECK(config.providers[0].propagation.timeout == 2min);
    CHECK(config.providers[0].propagation.interval_max == 5s);
    CHECK(config.certificates[0].propagation.settle == 5s);
    CHECK_FALSE(config.certificates[0].propagation.timeout);
    CHECK(completed(config.certificates[0].propagation, config.providers[0].propagation).timeout == 2min);
    CHECK(config.certificates[1].propagation.timeout == 1min);
    CHECK(config.certificates[1].propagation.settle == 0s);
  }
  THEN("a certificate keeps the order of its names and takes what it does not say from the defaults") {
    REQUIRE(config.certificates.size() == 2);
    const auto& first = config.certificates[0];
    CHECK(first.name == "_.corp.example");
    CHECK(first.domains == std::vector<std::string>{"*.corp.example", "xn--bcher-kva.example", "corp.example"});
    CHECK(first.ca == "letsencrypt");
    CHECK(first.key_type == crypto::KeyType::ecdsa_p384);
    CHECK(first.renew == LifeLeft(0.4));
    CHECK(first.deploy.empty());
    const auto& second = config.certificates[1];
    CHECK(second.name == "second");
    CHECK(second.ca == "internal");
    CHECK(second.key_type == crypto::KeyType::rsa_2048);
    CHECK(second.renew == LifeLeft(0.25));
  }
  THEN("targets are complete") {
    const auto& targets = config.certificates[1].deploy;
    REQUIRE(targets.size() == 2);
    CHECK(targets[0].files ==
          std::map<FileKind, std::string>{{FileKind::fullchain, "fullchain.pem"}, {FileKind::privkey, "privkey.pem"}});
    CHECK(targets[0].owner == "root");
    CHECK(targets[0].group == "root");
    CHECK(targets[0].mode == 0600);
    CHECK(targets[0].test == std::vector<std::string>{"nginx", "-t"});
    CHECK(targets[0].post_hook == std::vector<std::string>{"/usr/local/bin/purge", ""});
    CHECK(targets[0].timeout == 10s);
    CHECK(targets[1].files ==
          std::map<FileKind, std::string>{{FileKind::cert, "cert.pem"}, {FileKind::combined, "mail.pem"}});
    CHECK(targets[1].mode == 0640);
    CHECK(targets[1].timeout == 60s);
  }
}

SCENARIO("one target in the defaults serves all certificates") {
  const Folder folder;
  const auto config = folder.load(R"(
[ca.letsencrypt]
terms_agreed = true
[provider.bind]
type = "rfc2136"
server = "192.0.2.1"
tsig = { name = "a.", secret = "c2VjcmV0c2VjcmV0c2VjcmV0" }
zones = ["corp.example"]
[[defaults.deploy]]
name = "web"
directory = "/etc/tls/{name}"
files = { combined_key_last = "{name}.pem", pkcs12 = "store.p12", fullchain = "chain.pem" }
owner = { pkcs12 = 999, fullchain = "root" }
group = "998"
mode = { combined_key_last = 0o600, fullchain = 0o644 }
pkcs12_password = "changeit"
test = ["check", "--only={name}", "{{.Names}}"]
reload = ["nginx.service"]
restart = ["app@{name}.service"]
verify = { connect = "[::1]:993", starttls = "imap" }
[[certificate]]
domains = ["*.a.corp.example", "a.corp.example"]
name = "a"
[[certificate]]
domains = ["*.b.corp.example"]
)");
  const auto& a = config.certificates[0].deploy.at(0);
  CHECK(a.directory == "/etc/tls/a");
  CHECK(a.files.at(FileKind::combined_key_last) == "a.pem");
  CHECK(a.test == std::vector<std::string>{"check", "--only=a", "{{.Names}}"});
  CHECK(a.reload == std::vector<std::string>{"nginx.service"});
  CHECK(a.restart == std::vector<std::string>{"app@a.service"});
  CHECK(a.pkcs12_password.latest().reveal() == "changeit");
  CHECK(a.access_of(FileKind::pkcs12).owner == "999");
  CHECK(a.access_of(FileKind::pkcs12).group == "998");
  CHECK(a.access_of(FileKind::pkcs12).mode == 0640);
  CHECK_FALSE(a.access_of(FileKind::combined_key_last).owner);
  CHECK(a.access_of(FileKind::combined_key_last).mode == 0600);
  CHECK(a.access_of(FileKind::fullchain).owner == "root");
  CHECK(a.access_of(FileKind::fullchain).mode == 0644);
  REQUIRE(a.verify);
  CHECK(a.verify->host == "::1");
  CHECK(a.verify->port == "993");
  CHECK(a.verify->start_tls == Verify::StartTls::imap);
  CHECK(a.verify->server_name == "a.corp.example");
  const auto& b = config.certificates[1].deploy.at(0);
  CHECK(b.directory == "/etc/tls/_.b.corp.example");
  CHECK(b.verify->server_name == "acmed.b.corp.example");
}

SCENARIO("a responder serves its zones and takes names that lead there") {
  const Folder folder;
  const std::string certificate = "[[certificate]]\ndomains = [\"corp.example\", \"www.other.example\"]\n";
  const auto config = folder.load("[ca.letsencrypt]\nterms_agreed = true\n" + certificate + R"(
[provider.here]
type = "responder"
zones = ["_acme-challenge.corp.example", "acme.example"]
delegated = ["other.example"]
listen = ["192.0.2.1:53", "[2001:db8::1]:5353", "0.0.0.0:54"]
name_server = "acmed.corp.example"
contact = "hostmaster@corp.example"
)");
  const auto& provider = config.providers.at(0);
  const auto& responder = std::get<Responder>(provider.settings);
  CHECK(provider.zones == std::vector<std::string>{"_acme-challenge.corp.example", "acme.example"});
  CHECK(provider.delegated == std::vector<std::string>{"other.example"});
  CHECK(responder.listen == std::vector<std::string>{"192.0.2.1:53", "[2001:db8::1]:5353", "0.0.0.0:54"});
  CHECK(responder.addresses == std::vector<std::string>{"192.0.2.1", "2001:db8::1"});
  CHECK(responder.contact == "hostmaster.corp.example");
  CHECK(responder.responses_per_second == 100);
  CHECK(name_server_of(responder, "acme.example") == "acmed.corp.example");
  CHECK(provider_for(config, "_acme-challenge.corp.example") == &provider);
  CHECK(provider_for(config, "_acme-challenge.www.other.example") == &provider);
  CHECK(provider_for(config, "_acme-challenge.www.corp.example") == nullptr);
  THEN("an alias goes to a zone with a plain name") {
    CHECK(alias_target(provider, "other.example") == "other.example.acme.example");
  }
}

SCENARIO("a certificate may name several CAs, in the order in which they are asked") {
  const Folder folder;
  const auto cas = basis + "[ca.google]\nterms_agreed = true\n[defaults]\nca = [\"google\", \"letsencrypt\"]\n";
  const auto config = folder.load(cas +
                                  "[[certificate]]\ndomains = [\"corp.example\"]\n"
                                  "[[certificate]]\ndomains = [\"a.corp.example\"]\nca = \"letsencrypt\"\n");
  CHECK(config.certificates[0].ca == "google");
  CHECK(config.certificates[0].fallback_cas == std::vector<std::string>{"letsencrypt"});
  CHECK(config.certificates[1].ca == "letsencrypt");
  CHECK(config.certificates[1].fallback_cas.empty());
}

SCENARIO("what is not said has a default") {
  const Folder folder;
  GIVEN("one CA and a certificate that names none") {
    const auto config = folder.load(basis + "[[certificate]]\ndomains = [\"corp.example\"]\n");
    THEN("it is that CA's") {
      CHECK(config.certificates[0].ca == "letsencrypt");
      CHECK(config.certificates[0].name == "corp.example");
      CHECK(config.certificates[0].key_type == crypto::KeyType::ecdsa_p256);
      CHECK_FALSE(config.certificates[0].renew);
    }
  }
  GIVEN("an empty file") {
    THEN("nothing is to be done, in the usual place") {
      ::unsetenv("STATE_DIRECTORY");
      CHECK(folder.load("").state_directory == "/var/lib/acmed");
      CHECK(folder.load("").certificates.empty());
    }
    THEN("systemd may name the place") {
      ::setenv("STATE_DIRECTORY", "/var/lib/private/acmed:/var/lib/other", 1);
      CHECK(folder.load("").state_directory == "/var/lib/private/acmed");
      ::unsetenv("STATE_DIRECTORY");
    }
  }
  GIVEN("a file with a secret that only the service has") {
    const auto broken =
        "state_directory = \"/srv/acmed\"\n" + basis + "[provider.x]\ntoken = { credential = \"token\" }\n";
    THEN("whoever waits for a certificate still learns where it will be") {
      folder.write("broken.toml", broken);
      CHECK(state_directory_of(folder.path("broken.toml")) == "/srv/acmed");
      folder.write("worse.toml", "= = =");
      CHECK(state_directory_of(folder.path("worse.toml")) == "/var/lib/acmed");
      CHECK(state_directory_of("/no/such/acmed.toml") == "/var/lib/acmed");
    }
  }
  GIVEN("groups for the keys") {
    const auto config = folder.load("[defaults]\ngroup = \"root\"\n" + basis +
                                    "[[certificate]]\ndomains = [\"corp.example\"]\n"
                                    "[[certificate]]\ndomains = [\"www.corp.example\"]\ngroup = 1883\n");
    CHECK(config.certificates.at(0).group == "root");
    CHECK(config.certificates.at(1).group == "1883");
  }
  GIVEN("a certificate that is renewed when the CA suggests it, beside defaults that say another time") {
    const auto config = folder.load("[defaults]\nrenew = \"30d\"\n" + basis +
                                    "[[certificate]]\nname = \"one\"\ndomains = [\"corp.example\"]\nrenew = \"ari\"\n"
                                    "[[certificate]]\nname = \"two\"\ndomains = [\"a.corp.example\"]\n");
    THEN("it has no time of its own") {
      CHECK_FALSE(config.certificates[0].renew);
      CHECK(config.certificates[1].renew == LifeLeft(Duration(24h * 30)));
    }
  }
  GIVEN("somebody to be told") {
    THEN("the usual is what is not said") {
      const auto notify = folder.load(basis + "[notify]\non_failure = [\"/bin/tell\", \"me\"]\n").notify;
      CHECK(notify.on_failure == std::vector<std::string>{"/bin/tell", "me"});
      CHECK(notify.on_success.empty());
      CHECK(notify.after == 1h);
      CHECK_FALSE(notify.warn_before);
      CHECK(notify.timeout == 60s);
    }
    THEN("all can be said") {
      const auto notify =
          folder
              .load(basis +
                    "[notify]\non_success = [\"tell\"]\nafter = \"0s\"\nwarn_before = \"7d\"\ntimeout = \"5s\"\n")
              .notify;
      CHECK(notify.on_success == std::vector<std::string>{"tell"});
      CHECK(notify.after == 0s);
      CHECK(notify.warn_before == LifeLeft(Duration(24h * 7)));
      CHECK(notify.timeout == 5s);
    }
  }
  GIVEN("a certificate that is renewed a time before its end") {
    const auto config = folder.load(basis + "[[certificate]]\ndomains = [\"corp.example\"]\nrenew = \"30d\"\n");
    CHECK(config.certificates[0].renew == LifeLeft(std::chrono::hours(24 * 30)));
  }
  GIVEN("all seven key types") {
    for (const auto* type : {"ecdsa-p256", "ecdsa-p384", "ecdsa-p521", "rsa-2048", "rsa-3072", "rsa-4096", "ed25519"}) {
      const auto config =
          folder.load(basis + "[[certificate]]\ndomains = [\"corp.example\"]\nkey_type = \"" + type + "\"\n");
      CHECK(crypto::to_text(config.certificates[0].key_type) == type);
    }
  }
}

SCENARIO("an owner whom a failed name service does not know is looked up again at the deployment") {
  const Folder folder;
  const test::FailingNameService service(ECONNREFUSED);
  const auto config = folder.load(basis + R"([[certificate]]
domains = ["corp.example"]
[[certificate.deploy]]
name = "web"
directory = "/etc/web"
owner = "nobody-of-that-name"
group = "nobody-of-that-name"
)");
  CHECK(config.certificates[0].deploy.at(0).owner == "nobody-of-that-name");
}

SCENARIO("a file that is not there is named") {
  CHECK_THROWS_WITH(
      load("/nowhere/acmed.toml"),
      "/nowhere/acmed.toml: there is no such file; an example is /usr/share/doc/acmed/acmed.toml.example");
  CHECK_THROWS_WITH(load("/"), Catch::Contains("/ is no regular file"));
}

SCENARIO("a PowerDNS server has its API, an acme-dns server its accounts") {
  const Folder folder;
  folder.write("key", "secret\n");
  const auto config = folder.load(R"([provider.pdns]
type = "powerdns"
url = "http://127.0.0.1:8081/"
api_key = { file = "key" }
zones = ["corp.example"]
[provider.acme]
type = "acme-dns"
url = "https://auth.example"
zones = ["auth.example"]
delegated = ["example.com"]
allow_from = ["192.0.2.0/24", "2001:db8::/32"]
accounts = [
  { domain = "Bücher.example", fulldomain = "S.auth.example.", subdomain = "s", username = "u", password = { file = "key" } },
]
)");
  const auto& powerdns = std::get<PowerDns>(config.providers[0].settings);
  CHECK(powerdns.url == "http://127.0.0.1:8081");
  CHECK(powerdns.api_key.latest().reveal() == "secret");
  CHECK(powerdns.server_id == "localhost");
  CHECK(config.providers[0].place == "http://127.0.0.1:8081");
  const auto& acme_dns = std::get<AcmeDns>(config.providers[1].settings);
  CHECK(acme_dns.url == "https://auth.example");
  CHECK(acme_dns.allow_from == std::vector<std::string>{"192.0.2.0/24", "2001:db8::/32"});
  REQUIRE(acme_dns.accounts.size() == 1);
  const auto& account = acme_dns.accounts[0];
  CHECK(account.domain == "xn--bcher-kva.example");
  CHECK(account.full_domain == "s.auth.example");
  CHECK(account.subdomain == "s");
  CHECK(account.user_name == "u");
  CHECK(account.password.latest().reveal() == "secret");
}

}  // namespace acmed::config
