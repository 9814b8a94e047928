// SPDX-License-Identifier: Apache-2.0
#include "daemon/acmectl/import/apply.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <fstream>

#include "base/encoding.h"
#include "base/runtime/scope.h"
#include "config/load.h"
#include "daemon/acmectl/import/found.h"
#include "daemon/acmectl/import/hooks.h"
#include "daemon/acmectl/import/key_values.h"
#include "daemon/acmectl/import/writer.h"
#include "daemon/store/state_view.h"
#include "tests/unit/base/test_ca.h"
#include "tests/unit/catch.h"
#include "tests/unit/daemon/state_directory.h"
#include "tests/unit/temporary_folder.h"

namespace acmed::acmectl::import {
namespace {

namespace fs = std::filesystem;
using Catch::Contains;

constexpr const char* staging = "https://acme-staging-v02.api.letsencrypt.org/directory";

/// The folder of another client.
class Scene {
 public:
  fs::path path() const { return folder.path() / "other"; }
  void write(const std::string& file, const std::string& content) const {
    fs::create_directories((path() / file).parent_path());
    std::ofstream(path() / file) << content;
  }
  crypto::PrivateKey key(crypto::KeyType type = crypto::KeyType::ecdsa_p256) const {
    return crypto::PrivateKey::generate(type);
  }
  std::string certificate(const crypto::PrivateKey& key, std::vector<std::string> names) const {
    test::CertificateFacts facts;
    facts.dns_names = std::move(names);
    facts.serial = "0abc";
    return ca.issue(key, facts).to_pem();
  }

  void make_acme_sh() const {
    write("account.conf",
          "ACCOUNT_EMAIL='a@example.com'\nSAVED_CF_Token='cloudflare-token-0123456789'\nSAVED_CF_Account_ID='1'\n");
    const auto account = "ca/acme-staging-v02.api.letsencrypt.org/directory/";
    write(std::string(account) + "ca.conf", "ACCOUNT_URL='https://ca.test/acct/9'\nCA_EMAIL='b@example.com'\n");
    write(std::string(account) + "account.key", key().to_pem().reveal());
    const auto own = key();
    write("example.com_ecc/example.com.key", own.to_pem().reveal());
    write("example.com_ecc/example.com.cer", certificate(own, {"example.com", "*.example.com"}));
    write("example.com_ecc/ca.cer", ca.root_pem());
    write("example.com_ecc/example.com.conf",
          fmt::format("Le_Domain='example.com'\nLe_Alt='*.example.com'\nLe_Webroot='dns_cf'\nLe_API='{}'\n"
                      "Le_RealKeyPath='/etc/nginx/tls/k.pem'\nLe_RealFullChainPath='/etc/nginx/tls/f.pem'\n"
                      "Le_RealCACertPath='/elsewhere/ca.pem'\n"
                      "Le_ReloadCmd='__ACME_BASE64__START_{}__ACME_BASE64__END_'\n",
                      staging, base64("systemctl reload nginx && echo 'done'")));
    write("http.example/http.example.conf", "Le_Domain='http.example'\nLe_Webroot='/var/www'\n");  // never issued
  }

  void make_certbot() const {
    const auto own = key(crypto::KeyType::ecdsa_p384);
    write("live/example.com/privkey.pem", own.to_pem().reveal());
    write("live/example.com/cert.pem", certificate(own, {"www.example.com", "example.com"}));
    write("live/example.com/chain.pem", ca.root_pem());
    write("renewal/example.com.conf",
          fmt::format("# renew_before_expiry = 30 days\nversion = 2.1.0\n[renewalparams]\naccount = 12ab\n"
                      "authenticator = dns-rfc2136\ndns_rfc2136_credentials = {}\nserver = {}\n"
                      "renew_hook = systemctl restart postfix dovecot\npre_hook = service nginx stop\n",
                      (path() / "rfc2136.ini").string(), staging));
    write("rfc2136.ini",
          "dns_rfc2136_server = 192.0.2.1\ndns_rfc2136_port = 5353\ndns_rfc2136_name = key.\n"
          "dns_rfc2136_secret = c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0\ndns_rfc2136_algorithm = HMAC-SHA512\n");
    write("accounts/acme-staging-v02.api.letsencrypt.org/directory/12ab/regr.json",
          R"({"body": {"contact": ["mailto:a@example.com"]}, "uri": "https://ca.test/acct/7"})");
    write("accounts/acme-staging-v02.api.letsencrypt.org/directory/12ab/private_key.json",
          R"({"kty":"EC","crv":"P-256","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",)"
          R"("y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM","d":"870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE"})");
  }

  void make_lego() const {
    const auto own = key();
    write("certificates/_.example.com.key", own.to_pem().reveal());
    write("certificates/_.example.com.crt", certificate(own, {"*.example.com"}) + ca.root_pem());
    write("certificates/_.example.com.json",
          R"({"domain": "*.example.com", "certUrl": "https://acme-staging-v02.api.letsencrypt.org/acme/cert/1"})");
    write(
        "accounts/acme-staging-v02.api.letsencrypt.org/a@example.com/account.json",
        R"({"email": "a@example.com", "registration": {"body": {}, "uri": "https://acme-staging-v02.api.letsencrypt.org/acme/acct/5"}})");
    write("accounts/acme-staging-v02.api.letsencrypt.org/a@example.com/keys/a@example.com.key",
          key().to_pem().reveal());
  }

  /// The configuration that was written, read as acmed reads it.
  config::Config read(const Written& written) const {
    for (const auto& secret : written.secrets) {
      std::ofstream(secret.path) << secret.content.reveal() << "\n";
      ::chmod(secret.path.c_str(), 0400);
    }
    const auto file = folder.path() / "acmed.toml";
    std::ofstream(file) << fmt::format("state_directory = \"{}\"\n", (folder.path() / "state").string())
                        << written.toml;
    ::chmod(file.c_str(), 0600);
    return config::load(file);
  }
  Written write_config(const Found& found) const { return written(found, folder.path(), ""); }

  TemporaryFolder folder;
  test::TestCa ca;
};

}  // namespace

SCENARIO("what acme.sh and certbot write is read") {
  CHECK(value_of(read_shell("A='1'\n# B='2'\nC=\"x=y\"\n"), "C") == "x=y");
  CHECK(value_of(read_shell("A='__ACME_BASE64__START_eCB5__ACME_BASE64__END_'"), "A") == "x y");
  CHECK(value_of(read_ini("[x]\na = b = c \n;d = e\n"), "a") == "b = c");
  CHECK(value_of(read_ini("a = b"), "d").empty());
}

SCENARIO("commands become units, programs, or a shell's") {
  CHECK(target_of_command("x", "systemctl reload nginx haproxy.service").reload ==
        std::vector<std::string>{"nginx.service", "haproxy.service"});
  CHECK(target_of_command("x", "service postfix restart").restart == std::vector<std::string>{"postfix.service"});
  CHECK(target_of_command("x", "/usr/local/bin/tell them").post_hook ==
        std::vector<std::string>{"/usr/local/bin/tell", "them"});
  CHECK(target_of_command("x", "systemctl reload nginx || true").post_hook ==
        std::vector<std::string>{"/bin/sh", "-c", "systemctl reload nginx || true"});
  CHECK(target_of_command("x", "systemctl --quiet reload nginx").post_hook.size() == 4);
}

SCENARIO("acme.sh's folder becomes a configuration that is right") {
  Scene scene;
  scene.make_acme_sh();
  const auto found = find_acme_sh(scene.path());
  const auto written = scene.write_config(found);
  const auto config = scene.read(written);
  CHECK(written.missing.empty());
  REQUIRE(config.certificates.size() == 1);
  const auto& certificate = config.certificates[0];
  CHECK(certificate.name == "example.com");
  CHECK(certificate.domains == std::vector<std::string>{"example.com", "*.example.com"});
  CHECK(certificate.ca == "letsencrypt-staging");
  CHECK(config.cas.at("letsencrypt-staging").contact == std::vector<std::string>{"mailto:b@example.com"});
  REQUIRE(certificate.deploy.size() == 1);
  CHECK(certificate.deploy[0].directory == fs::path("/etc/nginx/tls"));
  CHECK(certificate.deploy[0].files.at(config::FileKind::privkey) == "k.pem");
  CHECK(certificate.deploy[0].post_hook.at(0) == "/bin/sh");
  const auto* cloudflare = std::get_if<config::Cloudflare>(&config.providers.at(0).settings);
  REQUIRE(cloudflare != nullptr);
  CHECK(cloudflare->token.latest().reveal() == "cloudflare-token-0123456789");
  CHECK_THAT(written.toml, !Contains("cloudflare-token"));
  REQUIRE(found.remarks.size() == 2);  // the other folder was never issued
  CHECK_THAT(found.remarks[0], Contains("/elsewhere/ca.pem"));
}

SCENARIO("certbot's folder becomes a configuration that is right") {
  Scene scene;
  scene.make_certbot();
  const auto found = find_certbot(scene.path());
  const auto config = scene.read(scene.write_config(found));
  REQUIRE(config.certificates.size() == 1);
  CHECK(config.certificates[0].domains == std::vector<std::string>{"example.com", "www.example.com"});
  CHECK(config.certificates[0].key_type == crypto::KeyType::ecdsa_p384);
  CHECK(config.certificates[0].deploy.at(0).restart == std::vector<std::string>{"postfix.service", "dovecot.service"});
  const auto* rfc2136 = std::get_if<config::Rfc2136>(&config.providers.at(0).settings);
  REQUIRE(rfc2136 != nullptr);
  CHECK(rfc2136->server == "192.0.2.1:5353");
  CHECK(rfc2136->tsig->algorithm == crypto::Digest::sha512);
  CHECK(config.providers[0].zones == std::vector<std::string>{"example.com"});
  CHECK_THAT(found.remarks.at(0), Contains("pre_hook is not taken over"));
}

SCENARIO("what has no provider here is a comment, and told") {
  Scene scene;
  scene.make_certbot();
  auto found = find_certbot(scene.path());
  FoundProvider other;
  other.remarks.emplace_back("no\nprovider");
  found.providers = {{"rfc2136", other}};
  const auto written = scene.write_config(found);
  CHECK_THAT(written.toml,
             Contains("\n# [provider.rfc2136]\n# # no provider\n") && Contains("# zones = [\"example.com\"]"));
  REQUIRE(written.missing.size() == 1);
  CHECK_THAT(written.missing[0], Contains("[provider.rfc2136] for example.com"));
}

SCENARIO("accounts, keys and certificates are taken over once, as they are") {
  Scene scene;
  scene.make_certbot();
  const auto found = find_certbot(scene.path());
  const auto config = scene.read(scene.write_config(found));
  const auto taken = take_over(found, config);
  CHECK(taken.done.size() == 2);
  CHECK(taken.left_out.empty());
  const store::StateView state(config.state_directory);
  const auto remembered = state.certificate("example.com");
  REQUIRE(remembered);
  REQUIRE(remembered->issued);
  CHECK(remembered->issued->serial == "0abc");
  CHECK(remembered->issued->directory_url == staging);
  CHECK(remembered->issued->key_type == "ecdsa-p384");
  CHECK(state.live("example.com") == 1U);
  const auto account = state.account({staging, "", "ecdsa-p256"});
  REQUIRE(account);
  CHECK(account->url == "https://ca.test/acct/7");
  THEN("a second time changes nothing") {
    const auto again = take_over(found, config);
    CHECK(again.done.empty());
    CHECK(again.left_out.size() == 2);
    CHECK(state.live("example.com") == 1U);
  }
}

SCENARIO("only what the configuration wants, and what is a pair that lives, is taken over") {
  Scene scene;
  scene.make_certbot();
  auto found = find_certbot(scene.path());
  const auto written = scene.write_config(found);
  auto config = scene.read(written);
  const auto left_out = [&] { return take_over(found, config).left_out; };
  WHEN("the key is another one's") {
    found.certificates[0].key_pem = scene.key(crypto::KeyType::ecdsa_p384).to_pem();
    CHECK_THAT(left_out().at(0), Contains("its key is not the certificate's"));
  }
  WHEN("the configuration wants other names") {
    config.certificates[0].domains.push_back("mail.example.com");
    CHECK_THAT(left_out().at(0), Contains("no [[certificate]] of the configuration"));
  }
  WHEN("the configuration wants another type of account key") {
    config.cas.at("letsencrypt-staging").account_key = crypto::KeyType::rsa_2048;
    CHECK_THAT(left_out().at(0), Contains("set account_key_type = \"ecdsa-p256\" in [ca.letsencrypt-staging]"));
  }
  WHEN("it is rubbish") {
    found.certificates[0].certificate_pem = "rubbish";
    CHECK(left_out().size() == 1);
  }
}

SCENARIO("lego's folder is read, though it remembers neither provider nor directory") {
  Scene scene;
  scene.make_lego();
  const auto found = find_lego(scene.path());
  REQUIRE(found.certificates.size() == 1);
  CHECK(found.certificates[0].name == "_.example.com");
  CHECK(found.certificates[0].directory == staging);
  CHECK_FALSE(found.certificates[0].chain_pem.empty());
  REQUIRE(found.accounts.size() == 1);
  CHECK(found.accounts[0].contact == std::vector<std::string>{"mailto:a@example.com"});
  const auto written = scene.write_config(found);
  CHECK_THAT(written.toml, Contains("name = \"_.example.com\"") && Contains("# [provider.dns]"));
  CHECK(written.missing.size() == 1);
}

SCENARIO("a folder of nobody's is told") {
  const Scene scene;
  for (const auto find : {&find_certbot, &find_lego, &find_acme_sh}) CHECK_THROWS_AS(find("/nowhere"), Refused);
}

}  // namespace acmed::acmectl::import
