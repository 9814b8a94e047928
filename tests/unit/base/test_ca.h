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
  bool for_loopback = false;             ///< 127.0.0.1 as an iPAddress
  std::string serial = "01";             ///< hexadecimal
  std::string key_identifier_of_issuer;  ///< octets; empty for none
  std::chrono::sys_seconds not_before = std::chrono::sys_days(std::chrono::year(2020) / 1 / 1);
  std::chrono::sys_seconds not_after = std::chrono::sys_days(std::chrono::year(2049) / 12 / 31);
};

/// A certification authority of one root.
class TestCa {
 public:
  TestCa();

  const std::string& root_pem() const { return root_pem_; }
  crypto::Certificate issue(const crypto::PrivateKey& subject, CertificateFacts facts) const;

 private:
  crypto::PrivateKey key_;
  std::string root_pem_;
};

}  // namespace acmed::test
