// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "base/http/client.h"
#include "base/json.h"
#include "daemon/acme/causes.h"
#include "daemon/acme/problem.h"

/// What a CA's HTTP responses mean. `doing` is what was attempted, for the sentences: "order a certificate".
namespace acmed::acme {

/// The longest pause for a CA that sheds load: it may be well again long before what it named.
inline constexpr Duration longest_overload = std::chrono::hours(6);
/// The longest pause for a limit on an account or a name: these are counted over days and weeks.
inline constexpr Duration longest_rate_limit = std::chrono::hours(24 * 31);

/// The status of an AnswerError for what came as a resource, and cannot be used as one.
inline constexpr int http_ok = 200;

/// An answer that is not what was asked for: of another form, or a failure's status without a problem document.
class AnswerError : public Error {
 public:
  /// `status`: the answer's HTTP status.
  AnswerError(std::string cause, const std::string& sentence, int status, std::optional<Time> not_before = std::nullopt)
      : Error(Advice::retry, std::move(cause), sentence, not_before, Party::ca), status_(status) {}
  int status() const noexcept { return status_; }

 private:
  int status_;
};

/// What a failed request for a resource tells of the resource.
enum class Verdict {
  gone,      ///< the CA has no such thing (404, 410, an account that it does not know), in whatever words it says so
  unusable,  ///< the CA answered, by something that cannot be used: the resource itself may be broken
  unknown    ///< no answer, or one that speaks of the CA as a whole: the resource may be as good as ever
};
Verdict verdict_on(const Error& error);

/// Whether the same request, a moment later, may find what `error` found missing or unusable: not all of a CA's servers
/// learn of a thing at the same time. Not so where nobody answered, or the URL cannot be asked at all.
bool is_worth_another_look(const Error& error);

/// The problem document in `response`; nothing when it reports no failure or does so in another form.
std::optional<Problem> problem_in(const http::Response& response);

/// When the CA wants to be asked again (RFC 9110 §10.2.3): after `now`, at most an hour later. Nothing when it did not
/// say, or named a time that is past.
std::optional<Time> retry_after(const http::Response& response, Time now);

/// Throws unless the status is 2xx: ProblemError, Throttled or AnswerError, as acme::Client promises.
void require_success(const std::string& doing, const std::string& url, const http::Response& response, Time now);

/// The JSON of a successful response. Throws AnswerError when it holds something else.
json::Value read_json(const std::string& doing, const std::string& url, const http::Response& response);

/// The failure for a response that is not of the form that was expected: "instead of EXPECTED".
AnswerError unexpected_answer(const std::string& doing, const std::string& url, const http::Response& response,
                              const std::string& expected, std::optional<Time> not_before = std::nullopt);

}  // namespace acmed::acme
