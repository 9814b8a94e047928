// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

/// The causes of errors at a CA by which somebody decides what to do (Error::cause()). A problem document's is
/// "acme:TYPE" (RFC 8555 §6.7).
namespace acmed::acme {

/// Of a Throttled for a CA that sheds load: it speaks of the CA as a whole, not of what was asked.
inline constexpr const char* overloaded = "acme:overloaded";
/// Of an AnswerError that has no better one.
inline constexpr const char* odd_answer = "acme:answer";
/// Of the answer to a CSR for an order that is not ready, or no longer (RFC 8555 §7.4).
inline constexpr const char* order_not_ready = "acme:orderNotReady";
/// Of the answer to a request by an account that the CA does not know.
inline constexpr const char* account_does_not_exist = "acme:accountDoesNotExist";

/// Types of problem documents by which acme::Client decides (RFC 8555 §6.7), as Problem::type has them.
namespace problem_type {
inline constexpr std::string_view account_does_not_exist = "accountDoesNotExist";
inline constexpr std::string_view bad_nonce = "badNonce";
inline constexpr std::string_view malformed = "malformed";
inline constexpr std::string_view rate_limited = "rateLimited";
inline constexpr std::string_view user_action_required = "userActionRequired";
}  // namespace problem_type

}  // namespace acmed::acme
