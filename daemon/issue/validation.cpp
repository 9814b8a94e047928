// SPDX-License-Identifier: Apache-2.0
#include "daemon/issue/validation.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/runtime/scope.h"
#include "base/runtime/sleep.h"
#include "daemon/acme/causes.h"

namespace acmed::issue {
namespace {

// Most CAs are done by then, so that usually no authorization is looked at.
constexpr Duration first_look = std::chrono::seconds(4);
constexpr Duration longest_pause = std::chrono::minutes(2);
constexpr unsigned most_further_responses = 2;
constexpr std::size_t most_reasons_in_a_sentence = 5;

}  // namespace

Validation::Validation(Authority& ca, std::string certificate, std::vector<Challenged> challenged)
    : ca_(ca), log_(std::move(certificate)) {
  for (auto& one : challenged) watched_.push_back({std::move(one)});
}

Task<bool> Validation::accompany(Task<> poll) {
  try {
    co_await accompanied(std::move(poll), keep_looking());
    co_return true;
  } catch (const Error& error) {
    if (has_failed_) co_return false;
    const auto reasons = this->reasons();
    if (error.cause() != acme::timeout || reasons.empty()) throw;
    throw Error(error.advice(), error.cause(), error.what() + reasons, error.not_before(), error.party());
  }
}

Task<> Validation::keep_looking() {
  for (Duration pause = first_look;; pause = std::min(pause * 2, longest_pause)) {
    co_await sleep_for(pause);
    std::vector<Task<>> looks;
    for (auto& watched : watched_) {
      if (!watched.is_valid) looks.push_back(look_at(&watched));
    }
    co_await when_all(std::move(looks));
  }
}

Task<> Validation::look_at(Watched* watched) {
  const auto& [domain, authorization_url, challenge_url, type] = watched->challenged;
  acme::Authorization authorization;
  try {
    authorization = co_await ca_.authorization(authorization_url);
  } catch (const Error& error) {
    log_.debug(error.what());  // the poll tells what matters
    co_return;
  }
  watched->is_valid = authorization.status == acme::AuthorizationStatus::valid;
  if (watched->is_valid) co_return;
  if (authorization.status != acme::AuthorizationStatus::pending) {
    has_failed_ = true;
    throw Retry("acme:authorization", "the authorization for " + domain + " has ended");
  }
  const auto* challenge = authorization.challenge(type);
  if (challenge == nullptr || !challenge->error) co_return;
  const bool is_new = watched->reason.empty();
  watched->reason = challenge->error->text();
  if (is_new) log_.warning(fmt::format("the CA could not validate {} yet: {}", domain, watched->reason));
  if (challenge->status != "pending") co_return;  // it tries again on its own
  if (watched->further_responses++ < most_further_responses) {
    co_await respond_again(challenge_url);
    co_return;
  }
  acme::Problem problem = *challenge->error;
  problem.identifier = domain;
  acme::Problem all;
  all.type = problem.type;
  all.status = problem.status;
  all.subproblems.push_back(std::move(problem));
  throw acme::ProblemError("validate the names", std::move(all), std::nullopt);
}

Task<> Validation::respond_again(std::string challenge_url) {
  try {
    co_await ca_.respond(std::move(challenge_url));
  } catch (const Error& error) {
    log_.debug(error.what());
  }
}

/// For the end of a sentence; empty when the CA gave none.
std::string Validation::reasons() const {
  std::string text;
  std::size_t count = 0;
  for (const auto& watched : watched_) {
    if (watched.reason.empty() || ++count > most_reasons_in_a_sentence) continue;
    text += fmt::format("; {}: {}", watched.challenged.domain, watched.reason);
  }
  return text;
}

}  // namespace acmed::issue
