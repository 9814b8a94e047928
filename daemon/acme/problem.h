// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "base/time.h"

namespace acmed::acme {

/// A problem document (RFC 8555 §6.7, RFC 9457), kept whole: the same type from the wire to the screen. Its texts are
/// single lines of bounded length, whatever the CA wrote.
struct Problem {
  std::string type;  ///< without the prefix "urn:ietf:params:acme:error:", if it has it
  std::string detail;
  int status = 0;  ///< HTTP status
  std::string instance;
  std::string identifier;  ///< subproblems only: the name concerned
  std::vector<Problem> subproblems;

  /// Takes what is present and readable; members of the wrong type count as missing. Also reads the output of
  /// to_json().
  static Problem from_json(const json::Value& value);
  json::Value to_json() const;
  /// "TYPE: DETAIL" and each subproblem with its identifier, in one line.
  std::string text() const;
};

/// The CA answered with a problem document. The cause is "acme:TYPE".
class ProblemError : public Error {
 public:
  /// `doing`: what was attempted, for the message: "order a certificate". The advice follows from type and status.
  ProblemError(const std::string& doing, Problem problem, std::optional<Time> retry_after);
  const Problem& problem() const noexcept { return problem_; }

  /// The same with "; REMARK" after its sentence.
  ProblemError remarked(const std::string& remark) const;

 private:
  ProblemError(const Error& error, Problem problem);

  Problem problem_;
};

}  // namespace acmed::acme
