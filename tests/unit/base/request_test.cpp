// SPDX-License-Identifier: Apache-2.0
#include "base/crypto/request.h"

#include <openssl/x509v3.h>

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "base/crypto/digest.h"
#include "base/crypto/encoding.h"
#include "tests/unit/base/signed_request.h"
#include "tests/unit/catch.h"
#include "tests/unit/outcome.h"

namespace acmed::crypto {
namespace {

using OwnedRequest = std::unique_ptr<X509_REQ, decltype(&X509_REQ_free)>;

OwnedRequest read(const std::string& der) {
  const auto* start = reinterpret_cast<const unsigned char*>(der.data());
  OwnedRequest request(d2i_X509_REQ(nullptr, &start, static_cast<long>(der.size())), X509_REQ_free);
  REQUIRE(request);
  return request;
}

std::vector<std::string> dns_names_in(const X509_REQ* request) {
  auto* extensions = X509_REQ_get_extensions(const_cast<X509_REQ*>(request));
  CHECK(sk_X509_EXTENSION_num(extensions) == 1);
  auto* names = static_cast<GENERAL_NAMES*>(X509V3_get_d2i(extensions, NID_subject_alt_name, nullptr, nullptr));
  std::vector<std::string> found;
  for (int i = 0; i < sk_GENERAL_NAME_num(names); ++i) {
    const auto* text = sk_GENERAL_NAME_value(names, i)->d.dNSName;
    found.emplace_back(reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
                       static_cast<std::size_t>(ASN1_STRING_length(text)));
  }
  GENERAL_NAMES_free(names);
  sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
  return found;
}

SCENARIO("a request has all names and no subject, and is signed by the key that it holds, whatever kind that is") {
  for (const auto type :
       {KeyType::ecdsa_p256, KeyType::ecdsa_p384, KeyType::ecdsa_p521, KeyType::rsa_2048, KeyType::ed25519}) {
    const auto key = PrivateKey::generate(type);
    const auto der = make_csr(key, {"example.com", "*.example.com"});
    CHECK(hex(sha256(test::key_in(der))) == key.public_key_digest());
    const auto request = read(der);
    CHECK(X509_REQ_get_version(request.get()) == 0);
    CHECK(X509_NAME_entry_count(X509_REQ_get_subject_name(request.get())) == 0);
    CHECK(dns_names_in(request.get()) == std::vector<std::string>{"example.com", "*.example.com"});
  }
}

SCENARIO("a request has a common name where one is wanted, if it is not too long for one") {
  const auto key = PrivateKey::generate(KeyType::ecdsa_p256);
  const auto request = read(make_csr(key, {"example.com", "www.example.com"}, "example.com"));
  std::array<char, 64> text{};
  CHECK(X509_NAME_get_text_by_NID(X509_REQ_get_subject_name(request.get()), NID_commonName, text.data(),
                                  static_cast<int>(text.size())) == 11);
  CHECK(std::string(text.data()) == "example.com");

  const std::string long_name(65, 'a');  // RFC 5280 appendix A.1: 64 at most
  CHECK(outcome_of([&] { make_csr(key, {long_name}, long_name); }).starts_with("refused request:content"));
}

}  // namespace
}  // namespace acmed::crypto
