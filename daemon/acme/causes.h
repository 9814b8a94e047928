// SPDX-License-Identifier: Apache-2.0
#pragma once

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

}  // namespace acmed::acme
