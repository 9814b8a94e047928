// SPDX-License-Identifier: Apache-2.0
#include "base/crypto/tls_handshake.h"

#include <openssl/ssl.h>

#include <algorithm>

#include "base/crypto/openssl.h"
#include "base/error.h"

namespace acmed::crypto {
namespace {

constexpr const char* rsa_algorithms =
    "rsa_pss_rsae_sha256:rsa_pss_rsae_sha384:rsa_pss_rsae_sha512:RSA+SHA256:RSA+SHA384:RSA+SHA512";
constexpr const char* ecdsa_algorithms = "ECDSA+SHA256:ECDSA+SHA384:ECDSA+SHA512:ed25519";

}  // namespace

TlsHandshake::TlsHandshake(const std::string& server_name, Wanted wanted) {
  constexpr const char* doing = "prepare a TLS handshake";
  const Owned<SSL_CTX, SSL_CTX_free> settings(need(SSL_CTX_new(TLS_client_method()), doing));
  SSL_CTX_set_verify(settings.get(), SSL_VERIFY_NONE, nullptr);
  if (wanted != Wanted::any) {
    need(static_cast<int>(
             SSL_CTX_set1_sigalgs_list(settings.get(), wanted == Wanted::rsa ? rsa_algorithms : ecdsa_algorithms)),
         doing);
  }
  connection_ = std::shared_ptr<SSL>(need(SSL_new(settings.get()), doing), SSL_free);
  need(static_cast<int>(SSL_set_tlsext_host_name(connection_.get(), server_name.c_str())), doing);
  OwnedBio in(need(BIO_new(BIO_s_mem()), doing));
  OwnedBio out(need(BIO_new(BIO_s_mem()), doing));
  SSL_set_bio(connection_.get(), in.release(), out.release());
  SSL_set_connect_state(connection_.get());
}

void TlsHandshake::advance(std::string_view received) {
  if (!received.empty()) {
    const int size = static_cast<int>(received.size());
    if (BIO_write(SSL_get_rbio(connection_.get()), received.data(), size) != size) fail("take what a TLS server sent");
  }
  const int result = SSL_do_handshake(connection_.get());
  if (result == 1 || has_certificate()) return;
  if (SSL_get_error(connection_.get(), result) == SSL_ERROR_WANT_READ) return;
  throw Retry("tls:handshake", "the TLS handshake failed: " + take_openssl_error());
}

std::string TlsHandshake::take_output() {
  auto* out = SSL_get_wbio(connection_.get());
  std::string output(written(out));
  BIO_reset(out);
  return output;
}

bool TlsHandshake::has_certificate() const noexcept {
  return SSL_get0_peer_certificate(connection_.get()) != nullptr;
}

Certificate TlsHandshake::certificate() const {
  const auto* certificate = SSL_get0_peer_certificate(connection_.get());
  if (certificate == nullptr) throw Retry("tls:handshake", "the server has presented no certificate");
  std::string der(static_cast<std::size_t>(std::max(i2d_X509(certificate, nullptr), 0)), '\0');
  auto* out = octets(der);
  i2d_X509(certificate, &out);
  return Certificate::from_der(der);
}

}  // namespace acmed::crypto
