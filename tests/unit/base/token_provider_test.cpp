// SPDX-License-Identifier: Apache-2.0
// Keys in SoftHSM by OpenSSL's provider, as where there is no engine.
#include <cstdlib>
#include <fstream>

#include "base/crypto/request.h"
#include "base/crypto/token.h"
#include "base/crypto/x509.h"
#include "tests/unit/catch.h"
#include "tests/unit/outcome.h"
#include "tests/unit/temporary_folder.h"

namespace acmed::crypto {
namespace {

using Catch::Contains;
using Catch::StartsWith;

constexpr const char* module = "/usr/lib/softhsm/libsofthsm2.so";
// The provider loads modules with RTLD_DEEPBIND, which ends a process with this sanitizer.
#if defined(__SANITIZE_ADDRESS__)
constexpr bool is_sanitized = true;
#elif defined(__has_feature)
constexpr bool is_sanitized = __has_feature(address_sanitizer);
#else
constexpr bool is_sanitized = false;
#endif
const Secret pin("47114711");

bool is_good(const std::string& command) {
  return std::system(("(" + command + ") >/dev/null 2>&1").c_str()) == 0;
}

/// A token with the keys `web` and `rsa`, for a process without the engine.
class SoftwareToken {
 public:
  static bool can_be() {
    return !is_sanitized &&
           is_good(
               "softhsm2-util --version && command -v pkcs11-tool && [ -e \"$(openssl version -m | cut -d '\"' -f "
               "2)/pkcs11.so\" ]");
  }

  SoftwareToken() {
    std::ofstream(folder_.path() / "softhsm2.conf")
        << "directories.tokendir = " << folder_.path().string() << "\nobjectstore.backend = file\n";
    ::setenv("SOFTHSM2_CONF", (folder_.path() / "softhsm2.conf").c_str(), 1);
    ::setenv("OPENSSL_ENGINES", folder_.path().c_str(), 1);
    REQUIRE(is_good("softhsm2-util --init-token --free --label acmed --so-pin 56785678 --pin " + pin.reveal()));
    make("web", "01", "EC:prime256v1");
    make("rsa", "02", "rsa:2048");
  }
  SoftwareToken(const SoftwareToken&) = delete;
  SoftwareToken& operator=(const SoftwareToken&) = delete;
  ~SoftwareToken() { ::unsetenv("OPENSSL_ENGINES"); }

 private:
  static void make(const std::string& label, const std::string& id, const std::string& type) {
    REQUIRE(is_good("pkcs11-tool --module " + std::string(module) + " --token-label acmed --login --pin " +
                    pin.reveal() + " --keypairgen --key-type " + type + " --label " + label + " --id " + id));
  }

  TemporaryFolder folder_;
};

std::string uri(const std::string& label, const std::string& token = "acmed", const std::string& path = module) {
  return "pkcs11:token=" + token + ";object=" + label + "?module-path=" + path;
}

std::string found(const std::string& where, const Secret& secret = pin) {
  return outcome_of([&] { find_in_token(where, secret); });
}

}  // namespace

SCENARIO("without the engine a token's keys are used by OpenSSL's provider") {
  if (!SoftwareToken::can_be()) {
    WARN("skipped: needs softhsm2, opensc and pkcs11-provider, and no AddressSanitizer");
    return;
  }
  SoftwareToken token;
  CHECK_THAT(found(uri("web", "acmed", "/no/module.so")),
             StartsWith("refused token:engine the PKCS #11 module /no/module.so cannot be loaded"));
  CHECK_THAT(found(uri("web", "elsewhere")), StartsWith("retry token:absent there is no token elsewhere here"));
  for (int i = 0; i < 2; ++i) {
    CHECK_THAT(found(uri("web"), Secret("08150815")), StartsWith("refused token:pin the token acmed refuses the PIN"));
  }
  CHECK_THAT(found(uri("nothing")),
             StartsWith("refused token:key the token acmed has no private key pkcs11:token=acmed;object=nothing"));

  const auto web = find_in_token(uri("web"), pin);
  CHECK(web.type() == KeyType::ecdsa_p256);
  CHECK(web.is_in_token());
  CHECK(web.to_pem().empty());
  CHECK(web.sign("bytes").size() == 64);
  CHECK_FALSE(make_csr(web, {"a.test"}).empty());
  const auto rsa = find_in_token(uri("rsa"), pin);
  CHECK(rsa.type() == KeyType::rsa_2048);
  CHECK_FALSE(make_csr(rsa, {"a.test"}).empty());
  CHECK_THAT(found(uri("web", "acmed", "/other.so")), Contains("and a process has one"));
}

}  // namespace acmed::crypto
