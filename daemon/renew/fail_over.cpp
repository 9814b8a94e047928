// SPDX-License-Identifier: Apache-2.0
#include "daemon/renew/fail_over.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "base/secret_list.h"
#include "daemon/acme/causes.h"
#include "daemon/acme/problem.h"

namespace acmed::renew {
namespace {

constexpr Duration short_pause = std::chrono::minutes(15);
/// Of one CA's sentence among several.
constexpr std::size_t longest_share = 400;
/// What a CA finds where the DNS does not show it our values (RFC 8555 §6.7, §8.2).
constexpr std::array<std::string_view, 5> of_proofs = {"unauthorized", "dns", "incorrectResponse", "connection", "tls"};
/// Another CA would not do better: another request took the order, or one of the clocks is wrong.
constexpr std::array<std::string_view, 2> of_this_host = {"acme:spent-order", "acme:not-yet-valid"};

/// Failed authorizations are told as subproblems with their names; the same type alone is about the account.
bool is_about_proofs(const acme::Problem& problem) {
  return std::ranges::any_of(problem.subproblems, [](const acme::Problem& inner) {
    return !inner.identifier.empty() && std::ranges::find(of_proofs, inner.type) != of_proofs.end();
  });
}

Error error_in(const Refusal& refusal) {
  try {
    std::rethrow_exception(refusal.failure);
  } catch (const Error& error) {
    return error;
  }
}

}  // namespace

std::optional<NamedLimit> limit_in(const Error& failure) {
  const auto* problem = dynamic_cast<const acme::ProblemError*>(&failure);
  const bool is_limit = problem != nullptr && problem->problem().type == acme::problem_type::rate_limited;
  if (!is_limit || !failure.not_before()) return std::nullopt;
  return NamedLimit{problem->problem().detail, *failure.not_before()};
}

bool is_refusal(const Error& failure) {
  return dynamic_cast<const acme::ProblemError*>(&failure) != nullptr;
}

bool is_for_the_next_ca(const Error& failure, bool failed_before) {
  // A required profile that the CA does not offer is found out here, but is a refusal all the same.
  const bool is_about_ca = failure.party() == Party::ca || failure.cause().starts_with("acme:");
  if (!is_about_ca || std::ranges::find(of_this_host, failure.cause()) != of_this_host.end()) return false;
  if (failure.cause() == acme::timeout) return failed_before;
  const auto* problem = dynamic_cast<const acme::ProblemError*>(&failure);
  return problem == nullptr || !is_about_proofs(problem->problem());
}

bool is_worth_waiting(Time until, Time now) {
  return until <= now + short_pause;
}

std::string sentence_of(const Refusal& refusal) {
  return error_in(refusal).what();
}

std::exception_ptr joined(const std::vector<Refusal>& refusals) {
  if (refusals.size() == 1) return refusals.front().failure;
  std::string sentence;
  std::string cause;
  std::optional<Time> not_before;
  bool all_refused = true;
  bool all_throttled = true;
  for (const auto& refusal : refusals) {
    const auto error = error_in(refusal);
    sentence += fmt::format("{}{}: {}", sentence.empty() ? "no CA issues it: " : "; ", refusal.ca,
                            fit_to_show(error.what(), longest_share));
    if (cause.empty()) cause = error.cause();
    all_refused = all_refused && error.advice() == Error::Advice::refused;
    all_throttled = all_throttled && error.advice() == Error::Advice::throttled && error.not_before();
    if (error.not_before()) not_before = std::min(not_before.value_or(Time::max()), *error.not_before());
  }
  if (all_throttled) return std::make_exception_ptr(Throttled(cause, sentence, not_before, Party::ca));
  // What only some of them asked for does not keep the others from being asked again.
  const auto advice = all_refused ? Error::Advice::refused : Error::Advice::retry;
  return std::make_exception_ptr(Error(advice, cause, sentence, std::nullopt, Party::ca));
}

}  // namespace acmed::renew
