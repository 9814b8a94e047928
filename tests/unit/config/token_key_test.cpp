// SPDX-License-Identifier: Apache-2.0
#include "config/deployments.h"
#include "tests/unit/config/folder.h"

namespace acmed::config {
namespace {

using Catch::Contains;

const std::string key = "key = \"pkcs11:token=acmed;object=web\"\n";
const std::string pin = "pin = \"471147\"\n";

std::string with(const std::string& lines) {
  return basis + "[[certificate]]\ndomains = [\"corp.example\"]\n" + lines;
}

}  // namespace

SCENARIO("a certificate's key may stay in a token") {
  const Folder folder;
  folder.write("pin", "4711\n");
  const auto config = folder.load(with(key + "pin = { file = \"" + folder.path("pin").string() + "\" }\n"));
  const auto& certificate = config.certificates.at(0);
  REQUIRE(certificate.key);
  CHECK(certificate.key->uri == "pkcs11:token=acmed;object=web");
  CHECK(certificate.key->pin.latest().reveal() == "4711");
  CHECK_FALSE(certificate.key->type);
  CHECK(certificate.key_type_text().empty());
  CHECK_FALSE(folder.load(with("")).certificates[0].key);

  const auto typed = folder.load(with(key + pin + "key_type = \"rsa-2048\"\n"));
  CHECK(typed.certificates[0].key->type == crypto::KeyType::rsa_2048);
  CHECK(typed.certificates[0].key_type_text() == "rsa-2048");

  // What the defaults say of keys is for those that acmed makes.
  const auto several = folder.load("[defaults]\nkey_type = [\"ecdsa-p256\", \"rsa-2048\"]\n" + with(key + pin));
  REQUIRE(several.certificates.size() == 1);
  CHECK_FALSE(several.certificates[0].key->type);
}

SCENARIO("a certificate's key may stay in a TPM, with a password or without") {
  const Folder folder;
  const std::string handle = "key = \"handle:0x81000001\"\n";
  const auto certificate = folder.load(with(handle)).certificates.at(0);
  REQUIRE(certificate.key);
  CHECK(certificate.key->uri == "handle:0x81000001");
  CHECK(certificate.key->pin.empty());
  const auto locked = folder.load(with("key = \"file:/etc/acmed/web.tss\"\npin = \"471\"\n"));
  CHECK(locked.certificates[0].key->uri == "file:/etc/acmed/web.tss");
  CHECK(locked.certificates[0].key->pin.latest().reveal() == "471");

  // A PKCS #11 module is nothing to it.
  const std::string other = "[[certificate]]\nname = \"other\"\ndomains = [\"b.corp.example\"]\n";
  CHECK(folder.load(with(handle) + other + pin + "key = \"pkcs11:token=a;object=b?module-path=/lib.so\"\n")
            .certificates.size() == 2);
}

SCENARIO("certificates for the same names may have keys in different tokens") {
  const Folder folder;
  const auto second = "[[certificate]]\nname = \"other\"\ndomains = [\"corp.example\"]\n" + pin;
  CHECK(folder.load(with(key + pin + second + "key = \"pkcs11:token=spare;object=web\"\n")).certificates.size() == 2);
  CHECK_THAT(folder.faults(with(key + pin + second + key)), Contains("has the same names, key type and CA"));
}

SCENARIO("what cannot be with a key in a token is told with what to do") {
  const Folder folder;
  const std::string target = "[[certificate.deploy]]\nname = \"nginx\"\ndirectory = \"/etc/nginx/tls\"\n";
  const std::string tpm = "key = \"handle:0x81000001\"\n";
  const std::vector<std::pair<std::string, std::string>> cases = {
      {pin + "key = \"pkcs11:object=web\"\n", "certificate.key: does not say in which token the key is"},
      {"key = \"pkcs11:token=acmed;object=web?pin-value=4711\"\n",
       "certificate.key: the PIN does not belong into the URI"},
      {key, "certificate.key: the PIN of its token is missing; add pin = { file = \"PATH\" }"},
      {pin, "certificate.pin: there is no token or TPM that it is for"},
      {pin + "key = \"/etc/acmed/web.key\"\n", "certificate.key: is no place of a private key; \"pkcs11:token="},
      {"key = \"handle:0x81000001?4711\"\n", "certificate.key: has a query; a password does not belong into the URI"},
      {tpm + "pin = \"" + std::string(65, 'a') + "\"\n", "certificate.pin: the password of a key in a TPM has at most"},
      {tpm + "dane = [\"_25._tcp.corp.example\"]\n", "certificate.dane: TLSA records need a next key"},
      {tpm + target, "\"privkey.pem\" would hold the private key, which stays in its TPM"},
      {key + "pin = \"123\"\n", "certificate.pin: a PIN has 4 to 32 characters"},
      {key + pin + "key_type = [\"ecdsa-p256\", \"rsa-2048\"]\n", "certificate.key_type: it is a list"},
      {key + pin + "dane = [\"_25._tcp.corp.example\"]\n", "certificate.dane: TLSA records need a next key"},
      {key + pin + target, "\"privkey.pem\" would hold the private key, which stays in its token"},
      {key + pin + target + "files = { fullchain = \"a\", combined = \"b\" }\n", "\"b\" would hold the private key"},
      {key + pin + target + "files = { pkcs12 = \"c\" }\npkcs12_password = \"secret\"\n",
       "\"c\" would hold the private key"},
  };
  for (const auto& [lines, expected] : cases) {
    INFO(lines);
    const auto faults = folder.faults(with(lines));
    CHECK_THAT(faults, Contains(expected));
    CHECK(faults.find('\n') == std::string::npos);
    CHECK(faults.find("4711") == std::string::npos);
  }
  const auto elsewhere = "[[certificate]]\nname = \"b\"\ndomains = [\"b.corp.example\"]\n" + pin;
  CHECK_THAT(folder.faults(with(key + pin + elsewhere +
                                "key = \"pkcs11:token=acmed;object=web?module-path=/usr/lib/other.so\"\n")),
             Contains("names another PKCS #11 module than a certificate before it"));
  CHECK_THAT(folder.faults("[defaults]\n" + key + with("")),
             Contains("defaults.key: each certificate has its own key"));
  CHECK(folder.faults(with(key + pin + target + "files = { fullchain = \"a\" }\n")) == "none");
}

SCENARIO("what deploys learns that the key is in a token, and does without the PIN") {
  const Folder folder;
  folder.write("acmed.toml", with(key + "pin = { file = \"/nowhere\" }\n"));
  const auto deployments = load_deployments(folder.path("acmed.toml"));
  REQUIRE(deployments.certificates.at(0).key);
  CHECK(deployments.certificates[0].key->uri == "pkcs11:token=acmed;object=web");
}

}  // namespace acmed::config
