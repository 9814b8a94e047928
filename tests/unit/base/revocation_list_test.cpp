// SPDX-License-Identifier: Apache-2.0
#include "base/crypto/revocation_list.h"

#include "base/crypto/request.h"
#include "base/error.h"
#include "tests/unit/base/test_ca.h"
#include "tests/unit/catch.h"

namespace acmed::crypto {
namespace {

const auto today = std::chrono::sys_seconds(std::chrono::sys_days(std::chrono::year(2026) / 11 / 22));

struct Listed {
  test::TestCa ca;
  Certificate issuer = parse_chain(ca.intermediate_pem()).front();
  PrivateKey key = PrivateKey::generate(KeyType::ecdsa_p256);

  Certificate certificate(const std::string& serial, const std::string& url = {}) const {
    test::CertificateFacts facts;
    facts.dns_names = {"a.test"};
    facts.serial = serial;
    facts.revocation_list_url = url;
    return ca.issue_for(make_csr(key, {"a.test"}), facts);
  }
};

}  // namespace

SCENARIO("a list tells which of its CA's certificates are revoked, since when and why") {
  const Listed scene;
  const auto list = RevocationList::read(
      scene.ca.revocation_list({{"04ab", 1}, {"80ffffffffffffffffffffffffffffffffffffff", -1}, {"05", 4}}, today),
      scene.issuer);
  const auto found = list.find(scene.certificate("04ab"));
  REQUIRE(found);
  CHECK(found->reason == "keyCompromise");
  CHECK(found->revoked == to_time(today));
  // With a leading zero in DER.
  CHECK(list.find(scene.certificate("80ffffffffffffffffffffffffffffffffffffff"))->reason == "unspecified");
  CHECK(list.find(scene.certificate("05"))->reason == "superseded");
  CHECK_FALSE(list.find(scene.certificate("06")));
  CHECK_FALSE(RevocationList::read(scene.ca.revocation_list({}, today), scene.issuer).find(scene.certificate("05")));
}

SCENARIO("a revocation that was taken back is none") {
  const Listed scene;
  const auto list = RevocationList::read(scene.ca.revocation_list({{"05", 8}}, today), scene.issuer);
  CHECK_FALSE(list.find(scene.certificate("05")));
}

SCENARIO("a list that the CA has not signed is refused") {
  const Listed scene;
  const auto der = scene.ca.revocation_list({{"05", 1}}, today);
  const Listed other;
  CHECK_THROWS_AS(RevocationList::read(der, other.issuer), Refused);
  CHECK_THROWS_AS(RevocationList::read(der, parse_chain(scene.ca.root_pem()).front()), Refused);
  auto changed = der;
  changed[changed.size() / 2] = static_cast<char>(changed[changed.size() / 2] ^ 1);
  CHECK_THROWS_AS(RevocationList::read(changed, scene.issuer), Refused);
  for (std::size_t size = 0; size < der.size(); ++size) {
    CHECK_THROWS_AS(RevocationList::read(der.substr(0, size), scene.issuer), Refused);
  }
  CHECK_THROWS_AS(RevocationList::read("<html>", scene.issuer), Refused);
}

SCENARIO("a certificate names where its CA's lists are") {
  const Listed scene;
  CHECK(scene.certificate("05", "http://ca.test/1.crl").revocation_list_urls() ==
        std::vector<std::string>{"http://ca.test/1.crl"});
  CHECK(scene.certificate("05", "ldap://ca.test/cn=x").revocation_list_urls().empty());
  CHECK(scene.certificate("05").revocation_list_urls().empty());
}

}  // namespace acmed::crypto
