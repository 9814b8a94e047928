// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/crypto/key.h"
#include "base/crypto/x509.h"
#include "base/time.h"

namespace acmed::test {

/// What a certificate of a test is to say.
struct CertificateFacts {
  std::vector<std::string> dns_names;
  bool for_loopback = false;               ///< 127.0.0.1 as an iPAddress
  std::string serial = "01";               ///< hexadecimal
  std::string key_identifier_of_issuer{};  ///< octets; empty for none
  bool is_ca = false;
  std::string revocation_list_url{};  ///< of the CRL; empty for none
  std::string extended_key_usage{};   ///< as openssl.cnf has it: "serverAuth"; empty for none
  std::chrono::sys_seconds not_before = std::chrono::sys_days(std::chrono::year(2020) / 1 / 1);
  std::chrono::sys_seconds not_after = std::chrono::sys_days(std::chrono::year(2049) / 12 / 31);
};

/// A certification authority of one root, with an intermediate that the root has certified.
class TestCa {
 public:
  TestCa();

  const std::string& root_pem() const { return root_pem_; }
  const std::string& intermediate_pem() const { return intermediate_pem_; }
  /// A certificate by the root.
  crypto::Certificate issue(const crypto::PrivateKey& subject, CertificateFacts facts) const;
  /// A revocation list of the intermediate, in DER. `reason`: RFC 5280 §5.3.1; below 0 for none.
  struct Revoked {
    std::string serial;  ///< hexadecimal
    int reason = -1;
  };
  std::string revocation_list(const std::vector<Revoked>& revoked, std::chrono::sys_seconds at) const;
  /// A certificate by the intermediate, for the key of a request in DER.
  crypto::Certificate issue_for(const std::string& request, CertificateFacts facts) const;

 private:
  crypto::PrivateKey key_;
  crypto::PrivateKey intermediate_key_;
  std::string root_pem_;
  std::string intermediate_pem_;
};

}  // namespace acmed::test
