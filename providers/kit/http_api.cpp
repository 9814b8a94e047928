// SPDX-License-Identifier: Apache-2.0
#include "providers/kit/http_api.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/runtime/sleep.h"
#include "providers/kit/causes.h"
#include "providers/kit/passing_trouble.h"
#include "providers/provider.h"

namespace acmed::providers {
namespace {

constexpr std::size_t longest_quote = 80;  // of what is no answer
constexpr int refusals = 300;              // from here on; a redirection is not followed
constexpr int faults = 400;
constexpr int troubles = 500;
constexpr int too_many_requests = 429;

std::vector<SecretSource> sources_in(const HttpApi::Settings& settings) {
  auto sources = settings.secrets;
  for (const auto& [name, value] : settings.credentials) sources.push_back(value);
  if (settings.bearer) sources.push_back(*settings.bearer);
  return sources;
}

std::vector<Secret> secrets_of(const HttpApi::Settings& settings) {
  std::vector<Secret> secrets;
  for (const auto& source : sources_in(settings)) secrets.push_back(source.latest());
  return secrets;
}

/// What was sent instead of an answer, for people.
std::string form_of(const http::Response& response, const ForeignWords& words) {
  const auto type = response.media_type();
  if (type == "text/html" || type == "application/xhtml+xml") return "an HTML page";
  if (response.body.empty()) return "nothing";
  if (type == "application/json") return "other JSON";
  return type.empty() ? "something" : words.line(type, longest_quote);
}

/// Where the server sends us instead; empty when it does not. A redirect is not followed: the credentials are for the
/// configured URL.
std::string redirection_of(const http::Response& response) {
  const bool redirects = response.status >= refusals && response.status < faults;
  return redirects ? response.header("location").value_or("") : std::string();
}

}  // namespace

HttpApi::HttpApi(Settings settings, http::Client& http, const Clock& clock)
    : settings_(std::move(settings)), http_(http), clock_(clock), secrets_(secrets_of(settings_)), words_(secrets_) {}

Task<http::Response> HttpApi::send(std::string method, std::string path, std::optional<json::Value> body,
                                   Headers credentials, Sending sending) {
  http::Request request;
  request.method = std::move(method);
  request.url = settings_.url + path;
  request.headers.emplace_back("Accept", "application/json");
  if (body) {
    request.headers.emplace_back("Content-Type", "application/json");
    request.body = json::dump(*body);
  }
  request.limit = settings_.limit;
  request.most_body = settings_.most_body;
  for (Pauses pauses(clock_);;) {
    std::optional<http::Response> response;
    std::exception_ptr failure;
    try {
      response = co_await send_once(request, credentials);
    } catch (const Retry& error) {
      if (!is_cut(error)) throw;
      failure = std::current_exception();
    }
    if (response && !passes(*response)) co_return *std::move(response);
    const auto pause = sending == Sending::again ? pauses.next() : std::nullopt;
    if (!pause && failure) std::rethrow_exception(failure);
    if (!pause) co_return *std::move(response);
    co_await sleep_for(*pause);
  }
}

Task<http::Response> HttpApi::send_once(http::Request request, Headers credentials) {
  co_await renew_secrets();
  for (const auto* headers : {&settings_.credentials, &credentials}) {
    for (const auto& [name, value] : *headers) {
      const auto secret = co_await value.current();
      request.headers.emplace_back(name, secret.reveal());
    }
  }
  if (settings_.bearer) {
    const auto token = co_await settings_.bearer->current();
    request.headers.emplace_back("Authorization", "Bearer " + token.reveal());
  }
  co_return co_await http_.send(std::move(request));
}

/// What is quoted of the answers must not repeat a secret that is newer than this.
Task<> HttpApi::renew_secrets() {
  for (const auto& source : sources_in(settings_)) co_await source.current();
  auto secrets = secrets_of(settings_);
  if (secrets == secrets_) co_return;
  secrets_ = std::move(secrets);
  words_ = ForeignWords(secrets_);
}

bool HttpApi::passes(const http::Response& response) const {
  const bool passing =
      is_passing(response.status) || std::ranges::find(settings_.passing, response.status) != settings_.passing.end();
  return passing && !response.retry_after(clock_.now(), longest_pause);
}

std::string HttpApi::words_in(const http::Response& response, const Secret& told) const {
  const auto answer = json::parse(response.body).value_or(json::Value());
  auto said = answer["error"].text_or(response.body);
  if (const auto target = redirection_of(response); !target.empty()) said = "a redirect to " + target;
  if (said.empty()) said = "nothing";
  if (told.empty()) return words_.line(said, settings_.most_quoted);
  auto secrets = secrets_;
  secrets.push_back(told);
  return ForeignWords(secrets).line(said, settings_.most_quoted);
}

std::optional<Time> HttpApi::welcome_at(const http::Response& response) const {
  const auto now = clock_.now();
  const auto told = response.retry_after(now, longest_pause);
  if (told || response.status != too_many_requests || !settings_.usual_pause) return told;
  return now + *settings_.usual_pause;
}

void HttpApi::throw_failure(const http::Response& response, const std::string& sentence) const {
  if (response.status == too_many_requests)
    throw Throttled(cause::of_status(response.status), sentence, welcome_at(response));
  const bool refused = response.status >= refusals && response.status < troubles;
  if (refused) throw Refused(cause::of_status(response.status), sentence);
  throw Retry(cause::of_status(response.status), sentence, welcome_at(response));
}

void HttpApi::throw_failure(const http::Response& response, const Secret& told, const std::string& mend) const {
  const auto words = words_in(response, told);
  throw_failure(response, response.status == too_many_requests
                              ? fmt::format("{} wants fewer requests: {}", settings_.who, words)
                              : fmt::format("{} answered {}: {}{}", settings_.who, response.status, words, mend));
}

void HttpApi::throw_for_no_answer(const http::Response& response, const std::string& cause,
                                  const std::string& wanted) const {
  auto sentence = fmt::format("{} answered {} with status {} instead of {}", settings_.url, form_of(response, words_),
                              response.status, wanted);
  if (const auto target = redirection_of(response); !target.empty()) {
    sentence += fmt::format(", a redirect to \"{}\"", words_.line(target, settings_.most_quoted));
  }
  if (const auto quote = words_.line(response.body, longest_quote); !quote.empty()) sentence += ": " + quote;
  throw Retry(response.status >= troubles ? cause::of_status(response.status) : cause, sentence, welcome_at(response));
}

}  // namespace acmed::providers
