// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/base/test_ca.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <memory>
#include <stdexcept>

namespace acmed::test {
namespace {

constexpr const char* root_name = "acmed test root";
constexpr const char* intermediate_name = "acmed test intermediate";

void must(bool done) {
  if (!done) throw std::runtime_error("OpenSSL refuses to make a test's certificate");
}

std::shared_ptr<X509> draft(EVP_PKEY* subject, const char* name, const char* issuer, const CertificateFacts& facts) {
  std::shared_ptr<X509> certificate(X509_new(), X509_free);
  must(X509_set_version(certificate.get(), X509_VERSION_3) == 1);
  BIGNUM* serial = nullptr;
  must(BN_hex2bn(&serial, facts.serial.c_str()) > 0);
  must(BN_to_ASN1_INTEGER(serial, X509_get_serialNumber(certificate.get())) != nullptr);
  BN_free(serial);
  must(X509_set_pubkey(certificate.get(), subject) == 1);
  const auto add_name = [](X509_NAME* to, const char* text) {
    must(X509_NAME_add_entry_by_txt(to, "CN", MBSTRING_UTF8, reinterpret_cast<const unsigned char*>(text), -1, -1, 0) ==
         1);
  };
  if (name != nullptr) add_name(X509_get_subject_name(certificate.get()), name);
  add_name(X509_get_issuer_name(certificate.get()), issuer);
  const auto set_time = [](ASN1_TIME* time, std::chrono::sys_seconds to) {
    must(ASN1_TIME_set(time, to.time_since_epoch().count()) != nullptr);
  };
  set_time(X509_getm_notBefore(certificate.get()), facts.not_before);
  set_time(X509_getm_notAfter(certificate.get()), facts.not_after);
  return certificate;
}

void add_extension(X509* certificate, int id, const std::string& text) {
  const std::unique_ptr<X509_EXTENSION, decltype(&X509_EXTENSION_free)> extension(
      X509V3_EXT_conf_nid(nullptr, nullptr, id, text.c_str()), X509_EXTENSION_free);
  must(extension != nullptr && X509_add_ext(certificate, extension.get(), -1) == 1);
}

void add_authority_key(X509* certificate, const std::string& identifier) {
  const std::unique_ptr<AUTHORITY_KEYID, decltype(&AUTHORITY_KEYID_free)> authority(AUTHORITY_KEYID_new(),
                                                                                    AUTHORITY_KEYID_free);
  authority->keyid = ASN1_OCTET_STRING_new();
  must(ASN1_OCTET_STRING_set(authority->keyid, reinterpret_cast<const unsigned char*>(identifier.data()),
                             static_cast<int>(identifier.size())) == 1);
  must(X509_add1_ext_i2d(certificate, NID_authority_key_identifier, authority.get(), 0, 0) == 1);
}

crypto::Certificate sign(X509* certificate, const crypto::PrivateKey& key) {
  must(X509_sign(certificate, key.native(), EVP_sha256()) > 0);
  unsigned char* der = nullptr;
  const int size = i2d_X509(certificate, &der);
  must(size > 0);
  const std::string copy(reinterpret_cast<const char*>(der), static_cast<std::size_t>(size));
  OPENSSL_free(der);
  return crypto::Certificate::from_der(copy);
}

crypto::Certificate make(EVP_PKEY* subject, const char* issuer, const crypto::PrivateKey& issuer_key,
                         const CertificateFacts& facts) {
  const auto leaf = draft(subject, nullptr, issuer, facts);
  std::string names;
  for (const auto& name : facts.dns_names) names += (names.empty() ? "DNS:" : ",DNS:") + name;
  if (facts.for_loopback) names += names.empty() ? "IP:127.0.0.1" : ",IP:127.0.0.1";
  if (!names.empty()) add_extension(leaf.get(), NID_subject_alt_name, names);
  if (!facts.key_identifier_of_issuer.empty()) add_authority_key(leaf.get(), facts.key_identifier_of_issuer);
  if (facts.is_ca) add_extension(leaf.get(), NID_basic_constraints, "critical,CA:TRUE");
  if (!facts.revocation_list_url.empty()) {
    add_extension(leaf.get(), NID_crl_distribution_points, "URI:" + facts.revocation_list_url);
  }
  if (!facts.extended_key_usage.empty()) add_extension(leaf.get(), NID_ext_key_usage, facts.extended_key_usage);
  return sign(leaf.get(), issuer_key);
}

crypto::Certificate make_ca(const crypto::PrivateKey& subject, const char* name, const crypto::PrivateKey& issuer_key) {
  const auto certificate = draft(subject.native(), name, root_name, {});
  add_extension(certificate.get(), NID_basic_constraints, "critical,CA:TRUE");
  return sign(certificate.get(), issuer_key);
}

}  // namespace

TestCa::TestCa()
    : key_(crypto::PrivateKey::generate(crypto::KeyType::ecdsa_p256)),
      intermediate_key_(crypto::PrivateKey::generate(crypto::KeyType::ecdsa_p256)),
      root_pem_(make_ca(key_, root_name, key_).to_pem()),
      intermediate_pem_(make_ca(intermediate_key_, intermediate_name, key_).to_pem()) {}

crypto::Certificate TestCa::issue(const crypto::PrivateKey& subject, CertificateFacts facts) const {
  return make(subject.native(), root_name, key_, facts);
}

crypto::Certificate TestCa::issue_for(const std::string& request, CertificateFacts facts) const {
  const auto* start = reinterpret_cast<const unsigned char*>(request.data());
  const std::unique_ptr<X509_REQ, decltype(&X509_REQ_free)> parsed(
      d2i_X509_REQ(nullptr, &start, static_cast<long>(request.size())), X509_REQ_free);
  must(parsed != nullptr);
  return make(X509_REQ_get0_pubkey(parsed.get()), intermediate_name, intermediate_key_, facts);
}

std::string TestCa::revocation_list(const std::vector<Revoked>& revoked, std::chrono::sys_seconds at) const {
  const std::unique_ptr<X509_CRL, decltype(&X509_CRL_free)> list(X509_CRL_new(), X509_CRL_free);
  must(X509_CRL_set_version(list.get(), X509_CRL_VERSION_2) == 1);
  const std::unique_ptr<X509_NAME, decltype(&X509_NAME_free)> name(X509_NAME_new(), X509_NAME_free);
  must(X509_NAME_add_entry_by_txt(name.get(), "CN", MBSTRING_UTF8,
                                  reinterpret_cast<const unsigned char*>(intermediate_name), -1, -1, 0) == 1);
  must(X509_CRL_set_issuer_name(list.get(), name.get()) == 1);
  const std::unique_ptr<ASN1_TIME, decltype(&ASN1_TIME_free)> time(
      ASN1_TIME_set(nullptr, at.time_since_epoch().count()), ASN1_TIME_free);
  must(X509_CRL_set1_lastUpdate(list.get(), time.get()) == 1 && X509_CRL_set1_nextUpdate(list.get(), time.get()) == 1);
  for (const auto& each : revoked) {
    X509_REVOKED* entry = X509_REVOKED_new();
    BIGNUM* number = nullptr;
    must(BN_hex2bn(&number, each.serial.c_str()) > 0);
    const std::unique_ptr<ASN1_INTEGER, decltype(&ASN1_INTEGER_free)> serial(BN_to_ASN1_INTEGER(number, nullptr),
                                                                             ASN1_INTEGER_free);
    BN_free(number);
    must(X509_REVOKED_set_serialNumber(entry, serial.get()) == 1 &&
         X509_REVOKED_set_revocationDate(entry, time.get()) == 1);
    if (each.reason >= 0) {
      const std::unique_ptr<ASN1_ENUMERATED, decltype(&ASN1_ENUMERATED_free)> reason(ASN1_ENUMERATED_new(),
                                                                                     ASN1_ENUMERATED_free);
      must(ASN1_ENUMERATED_set(reason.get(), each.reason) == 1 &&
           X509_REVOKED_add1_ext_i2d(entry, NID_crl_reason, reason.get(), 0, 0) == 1);
    }
    must(X509_CRL_add0_revoked(list.get(), entry) == 1);
  }
  must(X509_CRL_sign(list.get(), intermediate_key_.native(), EVP_sha256()) > 0);
  unsigned char* der = nullptr;
  const int size = i2d_X509_CRL(list.get(), &der);
  must(size > 0);
  const std::string copy(reinterpret_cast<const char*>(der), static_cast<std::size_t>(size));
  OPENSSL_free(der);
  return copy;
}

}  // namespace acmed::test
