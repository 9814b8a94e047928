// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/crypto/key.h"
#include "base/crypto/x509.h"
#include "base/error.h"
#include "daemon/acme/answer.h"

/// Whether what the CA sent is what was ordered, and what a TLS client can verify (RFC 8555 §7.4.2, §11.4).
namespace acmed::issue {

/// The certificate is not the one that was ordered: downloading it again changes nothing.
class WrongCertificate : public Error {
 public:
  explicit WrongCertificate(const std::string& sentence)
      : Error(Advice::refused, "acme:certificate", sentence, {}, Party::ca) {}
};

/// The certificate is the one that was ordered, but no client could use what came of it. Another download may be whole:
/// what delivers certificates has its bad moments.
class BrokenChain : public acme::AnswerError {
 public:
  explicit BrokenChain(const std::string& sentence) : AnswerError("acme:chain", sentence, acme::http_ok) {}
};

struct CheckedChain {
  std::vector<crypto::Certificate> certificates;  ///< leaf first, each certifies the one before
  std::vector<std::string> remarks;               ///< what is no fault, but worth a warning
};

/// Puts what was `sent` in order and looks at it: the leaf is for `key` and covers all names that were `ordered`, is
/// not over at `now`, and may serve TLS; each further certificate has certified the one before. Takes some
/// milliseconds: use it through offload(). Throws WrongCertificate, BrokenChain.
CheckedChain check_chain(std::vector<crypto::Certificate> sent, const crypto::PrivateKey& key,
                         const std::vector<std::string>& ordered, Time now);

}  // namespace acmed::issue
