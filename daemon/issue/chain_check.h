// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/crypto/key.h"
#include "base/crypto/x509.h"
#include "base/error.h"
#include "daemon/acme/answer.h"

/// Checks that the CA sent what was ordered, and that TLS clients can verify it (RFC 8555 §7.4.2, §11.4).
namespace acmed::issue {

/// The certificate is not the one ordered: downloading it again changes nothing.
class WrongCertificate : public Error {
 public:
  explicit WrongCertificate(const std::string& sentence)
      : Error(Advice::refused, "acme:certificate", sentence, {}, Party::ca) {}
};

/// The certificate is the one ordered, but no client could use the chain. Another download may be intact: servers that
/// deliver certificates have their bad moments.
class BrokenChain : public acme::AnswerError {
 public:
  explicit BrokenChain(const std::string& sentence) : AnswerError("acme:chain", sentence, acme::http_ok) {}
};

struct CheckedChain {
  std::vector<crypto::Certificate> certificates;  ///< leaf first, each certified by the next
  std::vector<std::string> remarks;               ///< worth a warning, though not an error
};

/// Puts the certificates `sent` in order and checks them: the leaf is for `key`, covers all names `ordered`, has not
/// expired at `now` and may serve TLS; each further certificate certifies the one before it. Takes some milliseconds:
/// use it through offload(). Throws WrongCertificate, BrokenChain.
CheckedChain check_chain(std::vector<crypto::Certificate> sent, const crypto::PrivateKey& key,
                         const std::vector<std::string>& ordered, Time now);

}  // namespace acmed::issue
