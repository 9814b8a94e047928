// SPDX-License-Identifier: Apache-2.0
#include "base/crypto/tpm.h"

#include <openssl/evp.h>

#include <future>
#include <vector>

#include "base/crypto/digest.h"
#include "base/crypto/encoding.h"
#include "base/crypto/held_key.h"
#include "base/crypto/request.h"
#include "base/crypto/x509.h"
#include "tests/unit/base/signed_request.h"
#include "tests/unit/base/software_tpm.h"
#include "tests/unit/catch.h"
#include "tests/unit/outcome.h"

/// LeakSanitizer asks for it: the provider of Debian 13 loses a connection's context when the TPM is away.
// NOLINTNEXTLINE(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp,readability-identifier-naming)
extern "C" const char* __lsan_default_suppressions();
// NOLINTNEXTLINE(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp,readability-identifier-naming)
const char* __lsan_default_suppressions() {
  return "leak:Tss2_TctiLdr_Initialize_Ex";
}

namespace acmed::crypto {
namespace {

using Catch::Contains;
using Catch::EndsWith;
using Catch::StartsWith;

const Secret none;

bool has_no_tpm() {
  if (SoftwareTpm::can_be()) return false;
  WARN("skipped: needs swtpm, tpm2-tools and tpm2-openssl");
  return true;
}

std::string looked(const std::string& uri) {
  return outcome_of([&] { look_for_in_tpm(uri); });
}

std::string found(const std::string& uri, const std::string& password = {}) {
  return outcome_of([&] { find_in_tpm(uri, Secret(password)); });
}

/// How often the TPM was given a wrong password.
std::string wrong_passwords(const SoftwareTpm& tpm) {
  return tpm.told("tpm2_getcap properties-variable | sed -n 's/^TPM2_PT_LOCKOUT_COUNTER: //p'");
}

}  // namespace

SCENARIO("a handle and a file of a TPM are taken as places of a key") {
  for (const std::string uri : {"handle:0x81000001", "handle:0x81FFabcd", "file:/etc/acmed/web.tss", "file:///a"}) {
    INFO(uri);
    CHECK(is_tpm_uri(uri));
    CHECK(fault_of_tpm_uri(uri).empty());
    CHECK(fault_of_held_uri(uri).empty());
  }
  CHECK_FALSE(is_tpm_uri("pkcs11:token=acmed;object=web"));
  CHECK(fault_of_held_uri("pkcs11:token=acmed;object=web").empty());
}

SCENARIO("what is no place in a TPM is told, and a password in it is not repeated") {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"handle:0x8100001", "\"handle:0x81\" and six hexadecimal digits"},
      {"handle:0x01500000", "is no persistent handle"},
      {"handle:81000001", "is no persistent handle"},
      {"handle:0x8100000g", "is no persistent handle"},
      {"handle:0x81000001?geheim", "write pin = { file"},
      {"file:/a?geheim", "write pin = { file"},
      {"file:web.tss", "names no file of this host"},
      {"file://host/web.tss", "names no file of this host"},
      {"file:/etc/", "names no file of this host"},
      {"file:/my key", "rename the file"},
      {"file:/" + std::string(1024, 'a'), "1024 are allowed"},
      {"/etc/acmed/web.key", "is no place of a private key"},
      {"tpm2:0x81000001", "is no place of a private key"},
  };
  for (const auto& [uri, expected] : cases) {
    INFO(uri);
    const auto fault = fault_of_held_uri(uri);
    CHECK_THAT(fault, Contains(expected));
    CHECK(fault.find("geheim") == fault.npos);
  }
}

SCENARIO("a key in a TPM signs what others take, by handle and by file") {
  if (has_no_tpm()) return;
  SoftwareTpm tpm;
  tpm.make_persistent("0x81000001");
  tpm.make_wrapped("p256");
  tpm.make_wrapped("p384", "-algorithm EC -pkeyopt group:P-384");
  tpm.make_wrapped("rsa", "-algorithm RSA -pkeyopt bits:2048");
  const std::vector<std::pair<std::string, KeyType>> keys = {
      {"handle:0x81000001", KeyType::ecdsa_p256},
      {"file:" + tpm.path("p256"), KeyType::ecdsa_p256},
      {"file://" + tpm.path("p384"), KeyType::ecdsa_p384},
      {"file:" + tpm.path("rsa"), KeyType::rsa_2048},
  };
  for (const auto& [uri, type] : keys) {
    INFO(uri);
    const auto key = find_in_tpm(uri, none);
    CHECK(key.type() == type);
    CHECK(key.is_in_token());
    CHECK(key.uri() == uri);
    CHECK(key.to_pem().empty());
    CHECK(key.to_keep().reveal() == uri);
    CHECK(hex(sha256(test::key_in(make_csr(key, {"a.test"})))) == key.public_key_digest());
    RequestContent content;
    content.dns_names = {"a.test"};
    CHECK(hex(sha256(test::key_in(make_csr(key, content)))) == key.public_key_digest());
    CHECK(key.sign("bytes").size() == (type == KeyType::rsa_2048 ? 256 : type == KeyType::ecdsa_p384 ? 96 : 64));
    CHECK(find_in_tpm(uri, none).public_key_digest() == key.public_key_digest());
  }
  const auto open = find_held_key({keys[0].first, none, KeyType::ecdsa_p256}, none);
  CHECK(open.type() == KeyType::ecdsa_p256);
  CHECK_THAT(outcome_of([&] {
               find_held_key({keys[0].first, none, KeyType::rsa_2048}, none);
             }),
             StartsWith("refused token:key the key handle:0x81000001 is ecdsa-p256, but key_type says rsa-2048"));
}

SCENARIO("a TPM is used by one at a time") {
  if (has_no_tpm()) return;
  SoftwareTpm tpm;
  tpm.make_wrapped("key");
  tpm.make_persistent("0x81000007");
  const std::string uri = "handle:0x81000007";
  const auto shared = find_in_tpm("file:" + tpm.path("key"), none);
  std::vector<std::future<bool>> users;
  for (int i = 0; i < 4; ++i) {
    users.push_back(std::async(std::launch::async, [&shared, uri] {
      bool is_good = true;
      for (int round = 0; round < 5; ++round) {
        const auto own = find_in_tpm(uri, none);
        is_good = is_good && own.sign("bytes").size() == 64 && !make_csr(shared, {"a.test"}).empty();
      }
      return is_good;
    }));
  }
  for (auto& user : users) CHECK(user.get());
}

SCENARIO("a password that the TPM refuses is offered to it once") {
  if (has_no_tpm()) return;
  SoftwareTpm tpm;
  tpm.make_persistent("0x81000002", "-G ecc256:ecdsa-sha256 -p geheim");
  tpm.make_wrapped("key", "-algorithm EC -pkeyopt group:P-256 -pkeyopt user-auth:geheim");
  const std::string uri = "handle:0x81000002";
  const auto refusal = "refused tpm:password the TPM refuses the password of the key " + uri + "; write the right one";
  CHECK_THAT(found(uri, "falsch"), StartsWith(refusal));
  CHECK_THAT(found(uri, "falsch"), StartsWith(refusal));
  CHECK(wrong_passwords(tpm) == "0x1\n");
  CHECK(found(uri, "geheim") == "made");
  CHECK(looked(uri) == "made");
  CHECK(looked("file:" + tpm.path("key")) == "made");
  CHECK(wrong_passwords(tpm) == "0x1\n");
  CHECK(found("file:" + tpm.path("key"), "geheim") == "made");
  CHECK_THAT(found(uri), StartsWith("refused tpm:password the TPM wants a password for the key " + uri));
  CHECK(wrong_passwords(tpm) == "0x2\n");
  WHEN("it has locked itself") {
    CHECK_THAT(found(uri, "wieder falsch"), StartsWith(refusal));
    CHECK_THAT(found(uri, "geheim"), StartsWith("retry tpm:locked the TPM has locked itself"));
    tpm.tool("tpm2_dictionarylockout -Q -c");
    CHECK(found(uri, "geheim") == "made");
  }
}

SCENARIO("what has no key, or not one that signs, is told with what to do") {
  if (has_no_tpm()) return;
  SoftwareTpm tpm;
  tpm.tool("tpm2_createprimary -Q -C o -c primary.ctx && tpm2_evictcontrol -Q -C o -c primary.ctx 0x81000003");
  CHECK_THAT(found("handle:0x81000004"), StartsWith("refused tpm:key the TPM has no key handle:0x81000004: make one"));
  CHECK_THAT(looked("handle:0x81000004"), StartsWith("refused tpm:key the TPM has no key handle:0x81000004: make one"));
  CHECK_THAT(found("handle:0x81000003"),
             StartsWith("refused tpm:key the key handle:0x81000003 of the TPM is none that"));
  CHECK_THAT(found("file:" + tpm.path("nothing")),
             StartsWith("refused tpm:key there is no file " + tpm.path("nothing")));
  const auto write = [&tpm](const std::string& text) { files::write_durably(tpm.path("own"), text, 0600); };
  write(PrivateKey::generate(KeyType::ecdsa_p256).to_pem().reveal());
  CHECK_THAT(found("file:" + tpm.path("own")), Contains("has no key of a TPM, which begins with"));
  write("-----BEGIN TSS2 PRIVATE KEY-----\nAAAA\n-----END TSS2 PRIVATE KEY-----\n");
  CHECK_THAT(found("file:" + tpm.path("own")),
             Contains("cannot be read (") && StartsWith("refused tpm:key the key in"));
  tpm.make_wrapped("wrapped");
  tpm.tool("tpm2_clear -Q");
  CHECK_THAT(found("file:" + tpm.path("wrapped")), Contains("was made by another TPM, or before this one was cleared"));
}

SCENARIO("a TPM that is away is told, and used again when it is back") {
  if (has_no_tpm()) return;
  SoftwareTpm tpm;
  tpm.make_persistent("0x81000005");
  const std::string uri = "handle:0x81000005";
  const auto key = find_in_tpm(uri, none);
  tpm.stop();
  CHECK_THAT(outcome_of([&] { key.sign("bytes"); }),
             StartsWith("retry token:failed cannot sign by the key handle:0x81000005"));
  CHECK_THAT(found(uri), StartsWith("retry tpm:absent the TPM does not answer at TPM2OPENSSL_TCTI="));
  tpm.start();
  CHECK(found(uri) == "made");
}

SCENARIO("a host without a TPM is told how the service gets to one, and nothing else is taken for it") {
  if (std::filesystem::exists("/dev/tpmrm0")) {
    WARN("skipped: this host has a TPM");
    return;
  }
  CHECK_THAT(found("handle:0x81000008"),
             StartsWith("retry tpm:absent there is no TPM at /dev/tpmrm0") && Contains("PrivateDevices=no"));
}

SCENARIO("without OpenSSL's provider it is told which package has it") {
  const TemporaryFolder empty;
  ::setenv("OPENSSL_MODULES", empty.path().c_str(), 1);
  ::setenv("TPM2OPENSSL_TCTI", "device:/dev/null", 1);
  CHECK_THAT(found("handle:0x81000006"),
             StartsWith("refused tpm:provider OpenSSL's provider tpm2") && EndsWith("apt install tpm2-openssl"));
  ::unsetenv("TPM2OPENSSL_TCTI");
  ::unsetenv("OPENSSL_MODULES");
}

}  // namespace acmed::crypto
