// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "base/http/client.h"
#include "base/json.h"
#include "daemon/acme/causes.h"
#include "daemon/acme/problem.h"

/// The meaning of a CA's HTTP responses. `doing` is what was attempted, for error messages: "order a certificate".
namespace acmed::acme {

/// The longest pause for a CA that sheds load: it may recover long before the time that it named.
inline constexpr Duration longest_overload = std::chrono::hours(6);
/// The longest pause for a limit on an account or a name: these are counted over days and weeks.
inline constexpr Duration longest_rate_limit = std::chrono::hours(24 * 31);

/// The status of an AnswerError for a resource that arrived but cannot be used.
inline constexpr int http_ok = 200;

/// A response that is not what was asked for: malformed, or a failure status without a problem document.
class AnswerError : public Error {
 public:
  /// `status`: the response's HTTP status.
  AnswerError(std::string cause, const std::string& sentence, int status, std::optional<Time> not_before = std::nullopt)
      : Error(Advice::retry, std::move(cause), sentence, not_before, Party::ca), status_(status) {}
  int status() const noexcept { return status_; }

 private:
  int status_;
};

/// What a failed request for a resource tells about the resource.
enum class Verdict {
  gone,      ///< the CA has no such thing (404, 410, an unknown account), however it says so
  unusable,  ///< the CA answered with something that cannot be used: the resource itself may be broken
  unknown    ///< no answer, or one about the CA as a whole: the resource may be fine
};
Verdict verdict_on(const Error& error);

/// Whether the same request may succeed a moment later where `error` found something missing or unusable: not all of a
/// CA's servers learn of a change at the same time. False when nobody answered or the URL cannot be requested at all.
bool is_worth_another_look(const Error& error);

/// The problem document in `response`; nothing when it reports no failure, or reports it in another form.
std::optional<Problem> problem_in(const http::Response& response);

/// When the CA wants to be asked again (RFC 9110 §10.2.3): after `now`, and at most an hour later. Nothing when it did
/// not say or named a time in the past.
std::optional<Time> retry_after(const http::Response& response, Time now);

/// Throws unless the status is 2xx: ProblemError, Throttled or AnswerError, as documented at acme::Client.
void require_success(const std::string& doing, const std::string& url, const http::Response& response, Time now);

/// The JSON of a successful response. Throws AnswerError when it is not JSON.
json::Value read_json(const std::string& doing, const std::string& url, const http::Response& response);

/// The failure for a response of an unexpected form: "instead of EXPECTED".
AnswerError unexpected_answer(const std::string& doing, const std::string& url, const http::Response& response,
                              const std::string& expected, std::optional<Time> not_before = std::nullopt);

}  // namespace acmed::acme
