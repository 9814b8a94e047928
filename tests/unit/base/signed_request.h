// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <openssl/x509.h>

#include <memory>
#include <string>

#include "tests/unit/catch.h"

namespace acmed::test {

/// The SubjectPublicKeyInfo of a certificate signing request, in DER; checks that the request is signed by it.
inline std::string key_in(const std::string& csr) {
  const auto* start = reinterpret_cast<const unsigned char*>(csr.data());
  const std::unique_ptr<X509_REQ, decltype(&X509_REQ_free)> request(
      d2i_X509_REQ(nullptr, &start, static_cast<long>(csr.size())), X509_REQ_free);
  REQUIRE(request);
  CHECK(X509_REQ_verify(request.get(), X509_REQ_get0_pubkey(request.get())) == 1);
  unsigned char* der = nullptr;
  const int size = i2d_X509_PUBKEY(X509_REQ_get_X509_PUBKEY(request.get()), &der);
  std::string text(reinterpret_cast<const char*>(der), static_cast<std::size_t>(size));
  OPENSSL_free(der);
  return text;
}

}  // namespace acmed::test
