// SPDX-License-Identifier: Apache-2.0
#include "providers/route53/answer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/error.h"
#include "providers/kit/causes.h"

namespace acmed::providers::route53 {
namespace {

using std::chrono::seconds;

constexpr std::size_t longest_code = 60;
constexpr std::size_t longest_message = 400;
constexpr std::size_t longest_body = 100;
constexpr std::size_t longest_harmless = 160;
/// AWS takes signatures that are five minutes off; answers take a while.
constexpr Duration suspicious_skew = std::chrono::minutes(4);
constexpr Duration pause_when_throttled = std::chrono::minutes(1);

constexpr std::array<std::string_view, 8> throttling = {
    "Throttling", "ThrottlingException",      "ThrottledException",   "RequestThrottled",
    "SlowDown",   "TooManyRequestsException", "RequestLimitExceeded", "RequestThrottledException",
};
constexpr std::array<std::string_view, 2> passing = {"PriorRequestNotComplete", "IDPCommunicationError"};
/// The messages of these repeat the request, tokens included.
constexpr std::array<std::string_view, 5> about_signature = {
    "SignatureDoesNotMatch", "InvalidSignatureException", "IncompleteSignature", "RequestTimeTooSkewed",
    "RequestExpired",
};
constexpr std::array<std::string_view, 3> unknown_key = {"InvalidClientTokenId", "UnrecognizedClientException",
                                                         "InvalidAccessKeyId"};

constexpr std::string_view wrong_scope = "Credential should be scoped to";
constexpr std::string_view broken_header = "not a valid key=value pair";
/// Sentences of these that repeat nothing but a region or the name of a service, with what stands behind their ends.
constexpr std::array<std::pair<std::string_view, std::string_view>, 2> harmless = {{
    {wrong_scope, "\r\n"},
    {broken_header, ":'\r\n"},
}};

template <class List>
bool is_one_of(std::string_view code, const List& list) {
  return std::ranges::find(list, code) != list.end();
}

/// Codes are words: a "code" with anything else in it is none.
std::string code_in(const std::string& text) {
  const bool word = !text.empty() && text.size() <= longest_code && std::ranges::all_of(text, [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.';
  });
  return word ? text : std::string();
}

std::string messages_in(const xml::Element& document) {
  std::string all;
  for (const auto& message : document["Messages"].children) all += (all.empty() ? "" : " ") + message.text;
  return all;
}

/// What can be told of a message that may repeat the request: one of a few known sentences, up to its end.
std::string harmless_in(const std::string& message, const ForeignWords& words) {
  for (const auto& [beginning, end] : harmless) {
    const auto begins = message.find(beginning);
    if (begins == message.npos) continue;
    const auto ends = message.find_first_of(end, begins + beginning.size());
    auto sentence = words.line(message.substr(begins, ends - begins), longest_harmless);
    while (sentence.ends_with('.') || sentence.ends_with(' ')) sentence.pop_back();
    return sentence;
  }
  return {};
}

/// Two forms: <ErrorResponse><Error><Code/><Message/>, and <InvalidChangeBatch><Messages><Message/>...
void read_error(const xml::Element& document, const ForeignWords& words, AwsError& error) {
  if (document.name == "InvalidChangeBatch") {
    error.code = document.name;
    error.message = messages_in(document);
  } else {
    const auto& inner = document.name == "Error" ? document : document["Error"];
    error.code = code_in(inner["Code"].text);
    error.message = inner["Message"].text;
  }
  if (error.message.empty()) error.message = document["Message"].text;
  const bool repeats_request = is_one_of(error.code, about_signature) || error.code == "ValidationError";
  error.message = repeats_request ? harmless_in(error.message, words) : words.line(error.message, longest_message);
}

/// "AWS says: WORDS", where there are any.
std::string words_of(const AwsError& error) {
  return error.message.empty() ? "" : fmt::format(" (AWS says: {})", error.message);
}

std::string whose(const Credentials* by) {
  return by == nullptr ? "the web identity"
                       : fmt::format("the credentials of {} (access key {})", by->origin, by->key_id);
}

[[noreturn]] void throw_about_signature(const AwsError& error, const Purpose& purpose, const Credentials* by) {
  const auto cause = "aws:" + error.code;
  if (std::chrono::abs(error.clock_ahead) >= suspicious_skew || error.code == "RequestTimeTooSkewed" ||
      error.code == "RequestExpired") {
    const auto off = std::chrono::round<seconds>(error.clock_ahead).count();
    throw Retry(cause,
                fmt::format("cannot {}: this host's clock is {} s {} that of AWS, which takes signatures that are "
                            "five minutes off at most: set the clock ({})",
                            purpose.doing, std::abs(off), off < 0 ? "behind" : "ahead of", error.code));
  }
  if (error.message.starts_with(wrong_scope)) {
    throw Refused(cause,
                  fmt::format("cannot {}: AWS wants the request signed for another region or service than it is: "
                              "look at region, url and sts_url{}",
                              purpose.doing, words_of(error)));
  }
  if (error.message.starts_with(broken_header)) {
    throw Refused(cause,
                  fmt::format("cannot {}: AWS cannot read the signature that {} made: look at whether the access "
                              "key's id is whole and has no blanks{}",
                              purpose.doing, whose(by), words_of(error)));
  }
  throw Refused(cause, fmt::format("cannot {}: the secret access key does not belong to {}: look at whether it is "
                                   "whole ({})",
                                   purpose.doing, whose(by), error.code));
}

}  // namespace

Answer read_answer(const http::Response& response, const Purpose& purpose, const ForeignWords& words, Time now) {
  Answer answer;
  auto document = xml::parse(response.body);
  if (response.status == 200 && document && document->name == purpose.answer) {
    answer.document = std::move(document);
    return answer;
  }
  auto& error = answer.error;
  error.status = response.status;
  if (document && response.status != 200) read_error(*document, words, error);
  if (error.code.empty()) error.body = words.line(response.body, longest_body);
  if (const auto date = response.header("date")) {
    if (const auto theirs = parse_retry_after(*date, now)) error.clock_ahead = now - *theirs;
  }
  return answer;
}

bool is_expired_session(const AwsError& error) {
  return error.code == "ExpiredToken" || error.code == "ExpiredTokenException";
}

bool may_pass(const AwsError& error) {
  return is_one_of(error.code, throttling) || is_one_of(error.code, passing) || error.status == 429 ||
         error.status >= 500;
}

void throw_refusal(const AwsError& error, const Purpose& purpose, const Credentials* by, Time now) {
  const auto its_cause = "aws:" + error.code;
  if (is_one_of(error.code, throttling) || error.status == 429) {
    throw Throttled(error.code.empty() ? "http:429" : its_cause,
                    fmt::format("cannot {}: AWS wants fewer calls, and others that share the account's limit may be "
                                "making them{}",
                                purpose.doing, words_of(error)),
                    now + pause_when_throttled);
  }
  if (is_one_of(error.code, passing)) {
    throw Retry(its_cause, fmt::format("cannot {}: AWS is still busy{}", purpose.doing, words_of(error)));
  }
  const auto quote = error.body.empty() ? "" : fmt::format(", \"{}\"", error.body);
  if (error.status >= 500) {
    throw Retry(
        error.code.empty() ? fmt::format("http:{}", error.status) : its_cause,
        fmt::format("cannot {}: AWS is in trouble, or a proxy on the way to it: HTTP status {}{}{}{}", purpose.doing,
                    error.status, error.code.empty() ? "" : " " + error.code, words_of(error), quote));
  }
  if (error.code.empty()) {
    throw Retry(error.status == 200 ? "aws:answer" : fmt::format("http:{}", error.status),
                fmt::format("cannot {}: what answers is not AWS: HTTP status {}{}. Look at the configured URL, and at "
                            "proxies on the way",
                            purpose.doing, error.status, quote));
  }
  if (is_one_of(error.code, about_signature)) throw_about_signature(error, purpose, by);
  if (error.code == "AccessDenied" || error.code == "AccessDeniedException") {
    throw Refused(its_cause, fmt::format("cannot {}: {} may not do so: {}{}", purpose.doing, whose(by), purpose.mend,
                                         words_of(error)));
  }
  if (is_one_of(error.code, unknown_key)) {
    throw Refused(its_cause,
                  fmt::format("cannot {}: AWS does not know {}: the key was deleted or deactivated, or belongs to "
                              "another partition, such as China{}",
                              purpose.doing, whose(by), words_of(error)));
  }
  if (is_expired_session(error)) {
    const auto sentence = fmt::format("cannot {}: the token of {} has expired: renew it", purpose.doing, whose(by));
    if (by != nullptr && !by->expires) throw Refused(its_cause, sentence);
    throw Retry(its_cause, sentence);
  }
  if (error.code == "NoSuchHostedZone") {
    throw Refused(cause::zone_gone,
                  fmt::format("cannot {}: there is no such hosted zone in the account of {}: it was deleted, or "
                              "look at `hosted_zone_id`",
                              purpose.doing, whose(by)));
  }
  throw Refused(its_cause,
                fmt::format("cannot {}: AWS refuses it with {}{}", purpose.doing, error.code, words_of(error)));
}

}  // namespace acmed::providers::route53
