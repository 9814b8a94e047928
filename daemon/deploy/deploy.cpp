// SPDX-License-Identifier: Apache-2.0
#include "daemon/deploy/deploy.h"

#include <fmt/format.h>

#include "base/log.h"
#include "daemon/deploy/facts.h"
#include "daemon/deploy/file_set.h"
#include "daemon/deploy/place.h"
#include "daemon/deploy/program.h"

namespace acmed::deploy {
namespace {

/// The outcome of the programs; empty when all went well.
struct Outcome {
  std::optional<Error> failure;
  bool cancelled = false;
  bool hook_began = false;

  bool good() const { return !failure && !cancelled; }
};

Task<Outcome> run_programs(config::Target target, Facts facts) {
  Outcome outcome;
  try {
    if (!target.test.empty()) co_await run_program({"test", target.test, target.timeout}, facts);
    outcome.hook_began = !target.post_hook.empty();
    if (outcome.hook_began) co_await run_program({"hook", target.post_hook, target.timeout}, facts);
  } catch (const Error& error) {
    outcome.failure = error;
  } catch (const Cancelled&) {
    outcome.cancelled = true;
  }
  co_return outcome;
}

/// The service has read the new pair, or half of it: make it read the former one again.
Task<> run_hook_for_former_pair(config::Target target, Generation previous) {
  try {
    co_await run_program({"hook", target.post_hook, target.timeout}, facts_for(target, previous, "rollback"));
  } catch (const Error& error) {
    log::warning(fmt::format("{}: target {}: after the former pair was put back, {}", previous.certificate, target.name,
                             error.what()),
                 {{"ACMED_CERTIFICATE", previous.certificate}, {"ACMED_TARGET", target.name}});
  }
}

[[noreturn]] void throw_not_taken(const config::Target& target, const Error& reason, const std::string& state,
                                  NotTaken::Left left) {
  throw NotTaken(reason, fmt::format("target {}: {}{}", target.name, reason.what(), state), left);
}

}  // namespace

Task<> to_target(config::Target target, store::Publisher& publisher, Generation generation,
                 std::optional<Generation> previous, Time worth_until) {
  using Left = NotTaken::Left;
  const auto place = place_of(target, publisher, generation, previous);
  if (const auto trouble = co_await place->install()) throw_not_taken(target, *trouble, "", Left::as_it_was);

  auto outcome = co_await run_programs(target, facts_for(target, generation, "deploy"));
  std::string stays;
  if (!outcome.good()) stays = co_await place->reason_to_stay(worth_until);
  if (outcome.good() || !stays.empty()) {
    const auto trouble = co_await place->keep();
    if (trouble) throw_not_taken(target, *trouble, "", Left::with_new_pair);
    if (outcome.good()) co_return;
    if (outcome.cancelled) throw Cancelled();
    throw_not_taken(target, *outcome.failure, "; " + stays, Left::with_new_pair);
  }

  const auto trouble = co_await place->put_back();
  if (outcome.cancelled) throw Cancelled();
  if (outcome.hook_began && previous) co_await run_hook_for_former_pair(target, *std::move(previous));
  throw_not_taken(target, *outcome.failure,
                  trouble ? fmt::format("; {} could not be put back: {}", place->former_pair(), trouble->what())
                          : fmt::format("; {} {} back", place->former_pair(), target.directory ? "are" : "is"),
                  trouble ? Left::as_it_was : Left::rolled_back);
}

bool is_in_place(const config::Target& target, const Generation& generation) {
  return !target.directory || has_files_of(target, generation.files);
}

}  // namespace acmed::deploy
