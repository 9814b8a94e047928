// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "base/http/client.h"
#include "base/json.h"
#include "daemon/acme/problem.h"

/// What a CA's HTTP responses mean. `doing` is what was attempted, for the sentences: "order a certificate".
namespace acmed::acme {

/// The cause of a Throttled for a CA that sheds load: it speaks of the CA as a whole, not of what was asked.
inline constexpr const char* overloaded = "acme:overloaded";
/// The longest pause that it is granted: it may be well again long before what it named.
inline constexpr Duration longest_overload = std::chrono::hours(6);
/// The longest pause for a limit on an account or a name: these are counted over days and weeks.
inline constexpr Duration longest_rate_limit = std::chrono::hours(24 * 31);

/// The problem document in `response`; nothing when it reports no failure or does so in another form.
std::optional<Problem> problem_in(const http::Response& response);

/// When the CA wants to be asked again (RFC 9110 §10.2.3): after `now`, at most an hour later. Nothing when it did not
/// say, or named a time that is past.
std::optional<Time> retry_after(const http::Response& response, Time now);

/// Throws unless the status is 2xx: ProblemError, Throttled or Retry, as acme::Client promises.
void require_success(const std::string& doing, const std::string& url, const http::Response& response, Time now);

/// The JSON of a successful response. Throws Retry ("acme:answer") when it holds something else.
json::Value read_json(const std::string& doing, const std::string& url, const http::Response& response);

/// The failure for a response that is not of the form that was expected: "instead of EXPECTED".
Retry unexpected_answer(const std::string& doing, const std::string& url, const http::Response& response,
                        const std::string& expected, std::optional<Time> not_before = std::nullopt);

}  // namespace acmed::acme
