// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/http/client.h"
#include "base/runtime/loop.h"
#include "providers/route53/answer.h"
#include "providers/route53/pace.h"
#include "providers/route53/signature.h"

namespace acmed::providers::route53 {

/// A service of AWS at its URL: takes signed calls, not more of them than AWS lets an account make, and repeats what
/// AWS was too busy for.
class Service {
 public:
  /// `http` must outlive this.
  Service(const Loop& loop, http::Client& http, const std::string& url, SignatureScope scope);

  /// The document that answers `call`, or the error, when its code is one of `outcomes`. Signed unless `by` is nothing.
  /// Throws Error for every other error, after half a minute at most for one that may pass, and for a connection that
  /// is refused or cut.
  Task<Answer> send(Call call, Purpose purpose, std::optional<Credentials> by, std::vector<std::string> outcomes);

 private:
  Task<Answer> send_once(Call call, Purpose purpose, std::optional<Credentials> by);

  const Clock& clock_;
  http::Client& http_;
  std::string origin_;  ///< "https://HOST:PORT"
  std::string host_;    ///< as it stands in the request: without the scheme's own port
  std::string path_;    ///< before that of each call
  SignatureScope scope_;
  Pace pace_;
};

}  // namespace acmed::providers::route53
