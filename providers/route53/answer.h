// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "base/http/client.h"
#include "base/time.h"
#include "providers/kit/foreign_words.h"
#include "providers/route53/credentials.h"
#include "providers/route53/xml.h"

namespace acmed::providers::route53 {

/// What a call is for: for its sentences, and what it takes to be allowed.
struct Purpose {
  std::string doing;   ///< "change zone example.test (Z111)"
  std::string mend;    ///< when it is denied: "allow route53:ChangeResourceRecordSets on arn:aws:..."
  std::string answer;  ///< the name of the document that AWS sends
};

/// Why AWS did not do what it was asked for.
struct AwsError {
  std::string code;        ///< "AccessDenied"; empty when the answer is not one of AWS
  std::string message;     ///< foreign text, made fit for a sentence; empty when it may hold what is secret
  int status = 0;          ///< of HTTP
  std::string body;        ///< the beginning of what is not an answer of AWS, made fit for a sentence
  Duration clock_ahead{};  ///< this host's clock against AWS', as far as the answer tells
};

/// The document that AWS sent, or what it had against sending one.
struct Answer {
  std::optional<xml::Element> document;
  AwsError error;
};

/// Reads an answer to a call for `purpose` that came at `now`. `words` knows the secrets of the call.
Answer read_answer(const http::Response& response, const Purpose& purpose, const ForeignWords& words, Time now);

/// Whether the session has ended: other credentials may do.
bool is_expired_session(const AwsError& error);

/// Whether the same call may do after a while: AWS wants fewer calls, is still busy with an earlier one, or is in
/// trouble.
bool may_pass(const AwsError& error);

/// Throws what `error` means and how to mend it, as a sentence without the provider's name. `by`: who called; nobody
/// for a call that was not signed.
[[noreturn]] void throw_refusal(const AwsError& error, const Purpose& purpose, const Credentials* by, Time now);

}  // namespace acmed::providers::route53
