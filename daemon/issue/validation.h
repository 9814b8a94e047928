// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "daemon/issue/authority.h"
#include "daemon/issue/certificate_log.h"

namespace acmed::issue {

/// What a CA was told to validate.
struct Challenged {
  std::string domain;  ///< as ordered
  std::string authorization_url;
  std::string challenge_url;
  std::string type{};  ///< of the challenge: "dns-01"
};

/// The time during which a CA validates names (RFC 8555 §7.5.1). The order's status covers all authorizations, but not
/// at every CA: some leave it `pending` after an authorization has failed, and some do not even let that fail, but tell
/// the reason in its challenge. So after a few seconds the authorizations are looked at as well, ever more rarely.
class Validation {
 public:
  /// `ca` must outlive it.
  Validation(Authority& ca, std::string certificate, std::vector<Challenged> challenged);

  /// Completes with `poll`, which ends when the CA has come to a result; false when an authorization shows sooner that
  /// it can no longer become valid. A challenge that the CA could not validate, but left open, is responded to twice
  /// more (§8.2). Throws ProblemError with the reason when that does not help, and what `poll` throws; when that is its
  /// limit, with the reasons that the CA has given so far.
  Task<bool> accompany(Task<> poll);

 private:
  struct Watched {
    Challenged challenged;
    bool is_valid = false;
    unsigned further_responses = 0;
    std::string reason{};  ///< why the CA could not validate it so far
  };
  Task<> keep_looking();
  Task<> look_at(Watched* watched);
  Task<> respond_again(std::string challenge_url);
  std::string reasons() const;

  Authority& ca_;
  CertificateLog log_;
  std::vector<Watched> watched_;
  bool has_failed_ = false;
};

}  // namespace acmed::issue
