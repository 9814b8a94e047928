// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "base/time.h"

namespace acmed::acme {

/// A problem document (RFC 8555 §6.7, RFC 9457), kept whole: one type from the wire to the screen. Its texts are one
/// line each and bounded, whatever the CA wrote.
struct Problem {
  std::string type;  ///< without "urn:ietf:params:acme:error:" when it has this prefix
  std::string detail;
  int status = 0;  ///< HTTP status
  std::string instance;
  std::string identifier;  ///< of a subproblem: the name it is about
  std::vector<Problem> subproblems;

  /// Takes what is there and readable; members of the wrong type count as missing. Also reads what to_json() gave.
  static Problem from_json(const json::Value& value);
  json::Value to_json() const;
  /// "TYPE: DETAIL", and each subproblem with its identifier, in one line.
  std::string text() const;
};

/// What the CA answered instead of what was asked. Its cause is "acme:TYPE".
class ProblemError : public Error {
 public:
  /// `doing`: what was attempted, for the sentence: "order a certificate". The advice follows from the type and the
  /// status.
  ProblemError(const std::string& doing, Problem problem, std::optional<Time> retry_after);
  const Problem& problem() const noexcept { return problem_; }

 private:
  Problem problem_;
};

}  // namespace acmed::acme
