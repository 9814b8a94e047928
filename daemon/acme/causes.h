// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

/// The causes of errors from a CA (Error::cause()) on which code decides. A problem document's cause is "acme:TYPE"
/// (RFC 8555 §6.7).
namespace acmed::acme {

/// A Throttled from a CA that sheds load: about the CA as a whole, not about the request.
inline constexpr const char* overloaded = "acme:overloaded";
/// An AnswerError without a more specific cause.
inline constexpr const char* odd_answer = "acme:answer";
/// A poll that reached its limit: the CA is still working on what was polled.
inline constexpr const char* timeout = "acme:timeout";
/// The response to a CSR for an order that is not ready yet, or no longer (RFC 8555 §7.4).
inline constexpr const char* order_not_ready = "acme:orderNotReady";
/// The responses for the certificate of an order that the CA renews no more (RFC 8739 §3.1.2, §3.3).
inline constexpr const char* auto_renewal_canceled = "acme:autoRenewalCanceled";
inline constexpr const char* auto_renewal_expired = "acme:autoRenewalExpired";
/// The response to a request signed by an account that the CA does not know.
inline constexpr const char* account_does_not_exist = "acme:accountDoesNotExist";
/// A Retry from a client whose account may have one key or another (Client::change_key()).
inline constexpr const char* key_in_doubt = "acme:keyInDoubt";

/// Types of problem documents on which acme::Client decides (RFC 8555 §6.7), as in Problem::type.
namespace problem_type {
inline constexpr std::string_view account_does_not_exist = "accountDoesNotExist";
inline constexpr std::string_view already_replaced = "alreadyReplaced";
inline constexpr std::string_view already_revoked = "alreadyRevoked";
inline constexpr std::string_view bad_nonce = "badNonce";
inline constexpr std::string_view bad_public_key = "badPublicKey";
inline constexpr std::string_view bad_signature_algorithm = "badSignatureAlgorithm";
inline constexpr std::string_view invalid_contact = "invalidContact";
inline constexpr std::string_view malformed = "malformed";
inline constexpr std::string_view rate_limited = "rateLimited";
inline constexpr std::string_view rejected_identifier = "rejectedIdentifier";
inline constexpr std::string_view server_internal = "serverInternal";
inline constexpr std::string_view unauthorized = "unauthorized";
inline constexpr std::string_view unknown_delegation = "unknownDelegation";
inline constexpr std::string_view unsupported_contact = "unsupportedContact";
inline constexpr std::string_view unsupported_identifier = "unsupportedIdentifier";
inline constexpr std::string_view user_action_required = "userActionRequired";
}  // namespace problem_type

}  // namespace acmed::acme
