// SPDX-License-Identifier: Apache-2.0
#include "base/crypto/x509.h"

#include "base/crypto/request.h"
#include "base/error.h"
#include "tests/unit/base/test_ca.h"
#include "tests/unit/catch.h"

using namespace acmed;
using namespace acmed::crypto;

namespace {

constexpr std::string_view rfc9773_key_identifier =
    "\x69\x88\x5B\x6B\x87\x46\x40\x41\xE1\xB3\x7B\x84\x7B\xA0\xAE\x2C\xDE\x01\xC8\xD4";

std::string cause_of_chain(const std::string& pem) {
  try {
    parse_chain(pem);
  } catch (const Refused& error) {
    return error.cause();
  }
  return "accepted";
}

}  // namespace

TEST_CASE("a certificate's renewal identifier is that of RFC 9773 §4.1") {
  test::CertificateFacts facts;
  facts.serial = "87654321";
  facts.key_identifier_of_issuer = rfc9773_key_identifier;
  const auto certificate = test::TestCa().issue(PrivateKey::generate(KeyType::ecdsa_p256), facts);
  CHECK(certificate.renewal_id() == "aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE");
  CHECK(certificate.serial() == "0087654321");
}

TEST_CASE("a certificate that does not name its issuer's key has no renewal identifier") {
  const auto certificate = test::TestCa().issue(PrivateKey::generate(KeyType::ecdsa_p256), {});
  CHECK(!certificate.renewal_id());
}

TEST_CASE("a certificate tells what it says") {
  const auto key = PrivateKey::generate(KeyType::ecdsa_p256);
  test::CertificateFacts facts;
  facts.dns_names = {"www.Example.COM", "*.example.com", "example.com"};
  facts.serial = "0123ab";
  facts.not_before = std::chrono::floor<std::chrono::seconds>(*parse_rfc3339("2026-02-28T23:59:59Z"));
  facts.not_after = std::chrono::floor<std::chrono::seconds>(
      *parse_rfc3339("2050-03-01T00:00:01Z"));  // from 2050 on X.509 writes another form
  const auto certificate = test::TestCa().issue(key, facts);
  CHECK(certificate.dns_names() == std::vector<std::string>{"*.example.com", "example.com", "www.example.com"});
  CHECK(certificate.serial() == "0123ab");
  CHECK(to_rfc3339(certificate.not_before()) == "2026-02-28T23:59:59Z");
  CHECK(to_rfc3339(certificate.not_after()) == "2050-03-01T00:00:01Z");
  CHECK(certificate.issuer_common_name() == "acmed test root");
  CHECK(certificate.has_key(key));
  CHECK(!certificate.has_key(PrivateKey::generate(KeyType::ecdsa_p256)));
  CHECK(!certificate.has_key(PrivateKey::generate(KeyType::ed25519)));
  CHECK(Certificate::from_der(certificate.to_der()).to_pem() == certificate.to_pem());
}

TEST_CASE("a certificate that never ends has an end that can be calculated with") {
  test::CertificateFacts facts;
  facts.not_after = std::chrono::sys_days(std::chrono::year(9999) / 12 / 31);
  const auto certificate = test::TestCa().issue(PrivateKey::generate(KeyType::ecdsa_p256), facts);
  CHECK(to_rfc3339(certificate.not_after()) == "2200-01-01T00:00:00Z");
}

TEST_CASE("a certificate tells who certified it, by name and signature") {
  const test::TestCa ca;
  const test::TestCa namesake;
  const auto key = PrivateKey::generate(KeyType::ecdsa_p256);
  const auto intermediate = parse_chain(ca.intermediate_pem()).front();
  const auto root = parse_chain(ca.root_pem()).front();
  const auto leaf = ca.issue_for(make_csr(key, {"a.test"}), {});
  CHECK(leaf.is_certified_by(intermediate));
  CHECK(intermediate.is_certified_by(root));
  CHECK(root.is_certified_by(root));
  CHECK(!leaf.is_certified_by(root));
  CHECK(!leaf.is_certified_by(leaf));
  CHECK(!leaf.is_certified_by(parse_chain(namesake.intermediate_pem()).front()));
  CHECK(leaf == Certificate::from_der(leaf.to_der()));
  CHECK(leaf != intermediate);
}

TEST_CASE("a certificate tells what it may be used for") {
  const test::TestCa ca;
  const auto request = make_csr(PrivateKey::generate(KeyType::ecdsa_p256), {"a.test"});
  test::CertificateFacts facts;
  CHECK(!ca.issue_for(request, facts).is_ca());
  CHECK(ca.issue_for(request, facts).is_for_servers());
  facts.extended_key_usage = "clientAuth";
  CHECK(!ca.issue_for(request, facts).is_for_servers());
  facts.extended_key_usage = "clientAuth,serverAuth";
  CHECK(ca.issue_for(request, facts).is_for_servers());
  facts.is_ca = true;
  CHECK(ca.issue_for(request, facts).is_ca());
}

TEST_CASE("DER with something behind it is no certificate") {
  const auto der = test::TestCa().issue(PrivateKey::generate(KeyType::ecdsa_p256), {}).to_der();
  CHECK_THROWS_AS(Certificate::from_der(der + '\0'), Refused);
  CHECK_THROWS_AS(Certificate::from_der(der.substr(1)), Refused);
  CHECK_THROWS_AS(Certificate::from_der(""), Refused);
}

SCENARIO("a chain holds certificates and nothing else") {
  const test::TestCa ca;
  const auto key = PrivateKey::generate(KeyType::ecdsa_p256);
  const auto leaf = ca.issue(key, {}).to_pem();
  const auto& root = ca.root_pem();
  THEN("it is read in its order, with text and other line ends around the blocks") {
    const auto chain = parse_chain("subject=leaf\n" + leaf + "\nissuer\n" + root);
    REQUIRE(chain.size() == 2);
    CHECK(chain[0].to_pem() == leaf);
    CHECK(chain[1].to_pem() == root);
    std::string windows;
    for (const char c : leaf) windows += c == '\n' ? std::string("\r\n") : std::string(1, c);
    CHECK(parse_chain(windows).size() == 1);
  }
  THEN("it is read in the forms that CAs were seen to send") {
    const auto replaced = [](std::string text, const std::string& what, const std::string& by) {
      for (auto at = text.find(what); at != text.npos; at = text.find(what, at + by.size())) {
        text.replace(at, what.size(), by);
      }
      return text;
    };
    const auto both = leaf + root;
    const auto glued = leaf.substr(0, leaf.size() - 1) + root;
    const auto frame = std::string("-----BEGIN CERTIFICATE-----\n").size();
    const auto end = leaf.find("-----END");
    const auto long_line =
        leaf.substr(0, frame) + replaced(leaf.substr(frame, end - frame), "\n", "") + "\n" + leaf.substr(end);
    for (const auto& form : {glued, "\xEF\xBB\xBF" + both, replaced(both, "\n", "\r"), replaced(both, "\n", "\r\n"),
                             replaced(both, " CERTIFICATE-", " X509 CERTIFICATE-"), both.substr(0, both.size() - 1),
                             long_line + root, replaced(both, "\n", "  \n")}) {
      const auto chain = parse_chain(form);
      REQUIRE(chain.size() == 2);
      CHECK(chain[0].to_pem() == leaf);
      CHECK(chain[1].to_pem() == root);
    }
  }
  THEN("a private key in it is refused, wherever it is") {
    CHECK(cause_of_chain(key.to_pem().reveal() + leaf) == "certificate:unexpected-block");
    CHECK(cause_of_chain(leaf + key.to_pem().reveal()) == "certificate:unexpected-block");
  }
  THEN("anything with dashes that is not exactly a certificate's frame is refused") {
    CHECK(cause_of_chain(leaf + "-----BEGIN") == "certificate:unexpected-block");
    CHECK(cause_of_chain(leaf + " -----BEGIN CERTIFICATE-----\n") == "certificate:unexpected-block");
    CHECK(cause_of_chain(leaf + "-----END CERTIFICATE-----\n") == "certificate:unexpected-block");
    CHECK(cause_of_chain("-----BEGIN CERTIFICATE-----\n" + leaf) == "certificate:unexpected-block");
    CHECK(cause_of_chain("x" + leaf) == "certificate:unexpected-block");
    CHECK(cause_of_chain(leaf.substr(0, leaf.size() - 1) + key.to_pem().reveal()) == "certificate:unexpected-block");
    CHECK(cause_of_chain(leaf + "-----BEGIN TRUSTED CERTIFICATE-----\n") == "certificate:unexpected-block");
  }
  THEN("what is empty or cut is refused") {
    CHECK(cause_of_chain("") == "certificate:empty");
    CHECK(cause_of_chain("<html></html>") == "certificate:empty");
    CHECK(cause_of_chain(leaf.substr(0, leaf.size() / 2)) == "certificate:unreadable");
    CHECK(cause_of_chain("-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n") == "certificate:unreadable");
    CHECK(cause_of_chain("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n") == "certificate:unreadable");
  }
}
