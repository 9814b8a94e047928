// SPDX-License-Identifier: Apache-2.0
#include "base/crypto/forms.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>

#include <algorithm>

#include "base/crypto/openssl.h"
#include "base/error.h"

namespace acmed::crypto {
namespace {

// What an attacker who has the file pays for each guess of the password.
constexpr int modern_iterations = 10000;
constexpr int legacy_iterations = 2048;

using OwnedPkcs12 = Owned<PKCS12, PKCS12_free>;

struct FreeCertificates {
  void operator()(STACK_OF(X509) * certificates) const noexcept { sk_X509_pop_free(certificates, X509_free); }
};
using OwnedCertificates = std::unique_ptr<STACK_OF(X509), FreeCertificates>;

/// Memory that is wiped when it is freed.
OwnedBio secret_memory() {
  return OwnedBio(need(BIO_new(BIO_s_secmem()), "write a key"));
}

Secret content_of(const OwnedBio& memory) {
  return Secret(std::string(written(memory.get())));
}

}  // namespace

Secret traditional_pem(const PrivateKey& key) {
  if (key.type() == KeyType::ed25519) {
    throw Refused("crypto:form", "an Ed25519 key has no traditional form; use privkey, which is PKCS #8");
  }
  const auto memory = secret_memory();
  need(PEM_write_bio_PrivateKey_traditional(memory.get(), key.native(), nullptr, nullptr, 0, nullptr, nullptr),
       "write a key");
  return content_of(memory);
}

Secret pkcs8_der(const PrivateKey& key) {
  const auto memory = secret_memory();
  need(i2d_PKCS8PrivateKey_bio(memory.get(), key.native(), nullptr, nullptr, 0, nullptr, nullptr), "write a key");
  return content_of(memory);
}

Secret pkcs12(const PrivateKey& key, const std::vector<Certificate>& chain, const std::string& name,
              const Secret& password, Pkcs12Cipher cipher) {
  constexpr const char* doing = "write PKCS #12";
  const OwnedCertificates issuers(need(sk_X509_new_null(), doing));
  for (std::size_t i = 1; i < chain.size(); ++i) {
    X509_up_ref(chain[i].native());
    if (sk_X509_push(issuers.get(), chain[i].native()) <= 0) {
      X509_free(chain[i].native());
      fail(doing);
    }
  }
  const bool is_modern = cipher == Pkcs12Cipher::modern;
  const int algorithm = is_modern ? NID_aes_256_cbc : NID_pbe_WithSHA1And3_Key_TripleDES_CBC;
  const int iterations = is_modern ? modern_iterations : legacy_iterations;
  const auto& text = password.reveal();
  constexpr int no_mac_yet = -1;
  const OwnedPkcs12 file(need(PKCS12_create(text.c_str(), name.c_str(), key.native(), chain.at(0).native(),
                                            issuers.get(), algorithm, algorithm, iterations, no_mac_yet, 0),
                              doing));
  need(PKCS12_set_mac(file.get(), text.c_str(), static_cast<int>(text.size()), nullptr, 0, iterations,
                      is_modern ? EVP_sha256() : EVP_sha1()),
       doing);
  const auto memory = secret_memory();
  need(i2d_PKCS12_bio(memory.get(), file.get()), doing);
  return content_of(memory);
}

bool is_pkcs12_of(std::string_view der, const PrivateKey& key, const std::vector<Certificate>& chain,
                  const Secret& password) {
  const auto* start = octets(der);
  const OwnedPkcs12 file(d2i_PKCS12(nullptr, &start, static_cast<long>(der.size())));
  EVP_PKEY* found_key = nullptr;
  X509* found_leaf = nullptr;
  STACK_OF(X509)* found_issuers = nullptr;
  const bool is_open =
      file && PKCS12_parse(file.get(), password.reveal().c_str(), &found_key, &found_leaf, &found_issuers) == 1;
  ERR_clear_error();
  const Owned<EVP_PKEY, EVP_PKEY_free> own_key(found_key);
  const Owned<X509, X509_free> leaf(found_leaf);
  const OwnedCertificates issuers(found_issuers);
  if (!is_open || !own_key || !leaf || EVP_PKEY_eq(own_key.get(), key.native()) != 1) return false;
  if (X509_cmp(leaf.get(), chain.at(0).native()) != 0) return false;
  const int count = issuers ? sk_X509_num(issuers.get()) : 0;
  if (static_cast<std::size_t>(count) + 1 != chain.size()) return false;
  // Their order is not kept.
  return std::all_of(chain.begin() + 1, chain.end(), [&](const Certificate& issuer) {
    for (int i = 0; i < count; ++i) {
      if (X509_cmp(sk_X509_value(issuers.get(), i), issuer.native()) == 0) return true;
    }
    return false;
  });
}

}  // namespace acmed::crypto
