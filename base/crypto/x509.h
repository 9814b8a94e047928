// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/crypto/key.h"
#include "base/time.h"

struct x509_st;

namespace acmed::crypto {

/// An X.509 certificate.
class Certificate {
 public:
  /// Throws Refused unless it is exactly one certificate.
  static Certificate from_der(std::string_view der);

  std::string to_pem() const;
  std::string to_der() const;
  Time not_before() const;
  Time not_after() const;
  std::vector<std::string> dns_names() const;  ///< lower case, sorted
  std::string common_name() const;             ///< the subject's; empty where it has none
  std::string issuer_common_name() const;      ///< likewise
  std::string fingerprint() const;             ///< SHA-256 of the DER, lower-case hex
  std::string serial() const;                  ///< lower-case hex, with as many octets as in the DER
  bool has_key(const PrivateKey& key) const;
  std::string public_key_digest() const;  ///< as PrivateKey::public_key_digest()
  /// Whether this was signed by the key of `issuer` and names it as issuer. Key usage and validity are not checked.
  bool is_certified_by(const Certificate& issuer) const;
  bool is_ca() const;           ///< according to its basic constraints
  bool is_for_servers() const;  ///< no extended key usage, or one that permits TLS servers
  /// Where its CA publishes which certificates are revoked (RFC 5280 §4.2.1.13): the http and https URLs, as written.
  std::vector<std::string> revocation_list_urls() const;
  /// The CertID of RFC 9773 §4.1; nothing without an authority key identifier.
  std::optional<std::string> renewal_id() const;

  x509_st* native() const noexcept { return certificate_.get(); }

  friend bool operator==(const Certificate& one, const Certificate& other);

 private:
  explicit Certificate(std::shared_ptr<x509_st> certificate) : certificate_(std::move(certificate)) {}
  std::shared_ptr<x509_st> certificate_;
};

/// Reads the certificates of a PEM file in file order. Throws Refused when there is none, or when any block is not a
/// certificate: some services would use a private key smuggled into a chain file (RFC 8555 §11.4).
std::vector<Certificate> parse_chain(std::string_view pem);

/// Adds `certificates` to the trust store of an SSL_CTX. They are shared, not copied, so this is cheap for each
/// connection.
void add_trust(void* ssl_ctx, const std::vector<Certificate>& certificates);

}  // namespace acmed::crypto
