// SPDX-License-Identifier: Apache-2.0
#include "daemon/deploy/deploy.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/log.h"
#include "base/runtime/offload.h"
#include "base/runtime/scope.h"
#include "daemon/deploy/file_set.h"
#include "daemon/deploy/pair.h"

namespace acmed::deploy {
namespace {

using Left = NotTaken::Left;

/// What fails for each of the first members alone, too, is most likely wrong itself.
constexpr int most_failures_alone = 3;

/// A member under way.
struct Traveller {
  explicit Traveller(Member from) : member(std::move(from)) {}

  Member member;
  std::unique_ptr<Place> place{};    ///< null where live/ is read
  bool in_place = false;             ///< its copies are there, and are not yet kept or put back
  std::set<std::string> told_units;  ///< that may have read the new pair
  bool told_hook = false;
  std::optional<Error> failure{};
  bool failed_with_others = false;  ///< in a step that others took part in, too
  Left left = Left::as_it_was;
  std::string end_of_sentence;  ///< of its failure: which pair is there now

  const config::Target& target() const { return member.subject->target; }

  Outcome outcome() const {
    if (!failure) return std::nullopt;
    return NotTaken(*failure, fmt::format("target {}: {}{}", target().name, failure->what(), end_of_sentence), left);
  }
};
using Travellers = std::vector<Traveller*>;

using Argv = std::vector<std::string>;

/// By the command that they share; those that have none are left out.
std::map<Argv, Travellers> by_command(const Travellers& travellers, Argv config::Target::*command) {
  std::map<Argv, Travellers> groups;
  for (auto* traveller : travellers) {
    if (const auto& argv = traveller->target().*command; !argv.empty()) groups[argv].push_back(traveller);
  }
  return groups;
}

/// Of those that name `unit`, one that wants most of it: a restart is a reload, too.
const Traveller* speaker_for(const std::string& unit, const Travellers& travellers) {
  const auto restarts = [&unit](const Traveller* traveller) {
    const auto& restart = traveller->target().restart;
    return std::ranges::find(restart, unit) != restart.end();
  };
  const auto speaker = std::ranges::find_if(travellers, restarts);
  return speaker != travellers.end() ? *speaker : travellers.front();
}

Subjects subjects_of(const Travellers& travellers) {
  Subjects subjects;
  for (const auto* traveller : travellers) subjects.push_back(traveller->member.subject);
  return subjects;
}

class Transaction {
 public:
  Transaction(Actions& actions, const std::vector<Member>& members) : actions_(actions) {
    for (const auto& member : members) {
      auto& traveller = all_.emplace_back(member);
      if (traveller.target().directory) traveller.place = actions.place(member.subject);
    }
  }

  Task<> run() {
    bool cancelled = false;
    try {
      co_await take_steps();
    } catch (const Cancelled&) {
      cancelled = true;
    }
    if (!cancelled) co_return;
    for (auto& traveller : all_) co_await undo(&traveller).under(std::stop_token());
    throw Cancelled();
  }

  const std::vector<Traveller>& travellers() const { return all_; }

 private:
  Task<> take_steps() {
    std::vector<Task<>> installs;
    for (auto& traveller : all_) installs.push_back(install(&traveller));
    co_await when_all(std::move(installs));
    co_await run_tests();
    co_await undo_failed();
    co_await tell_units();
    co_await undo_failed();
    co_await run_hooks();
    co_await undo_failed();
    co_await verify();
    co_await undo_failed();
    std::vector<Task<>> ends;
    for (auto* traveller : remaining()) ends.push_back(keep(traveller));
    co_await when_all(std::move(ends));
  }

  /// Those that have not failed.
  Travellers remaining() {
    Travellers result;
    for (auto& traveller : all_) {
      if (!traveller.failure) result.push_back(&traveller);
    }
    return result;
  }

  Task<> install(Traveller* traveller) {
    try {
      co_await offload([subject = traveller->member.subject] { require_pair(subject->generation); });
      if (traveller->place) traveller->failure = co_await traveller->place->install();
      traveller->in_place = !traveller->failure;
    } catch (const Error& error) {
      traveller->failure = error;
    }
  }

  /// One after another: several at a time may be one program for the same service.
  Task<> run_tests() {
    const auto groups = by_command(remaining(), &config::Target::test);
    for (const auto& [argv, group] : groups) co_await step(group, actions_.test(subjects_of(group)));
  }

  /// Side by side: a unit may take long.
  Task<> tell_units() {
    std::map<std::string, Travellers> by_unit;
    for (auto* traveller : remaining()) {
      for (const auto& unit : traveller->target().reload) by_unit[unit].push_back(traveller);
      for (const auto& unit : traveller->target().restart) by_unit[unit].push_back(traveller);
    }
    std::vector<Task<>> steps;
    for (const auto& [unit, group] : by_unit) {
      for (auto* traveller : group) traveller->told_units.insert(unit);
      steps.push_back(step(group, actions_.apply(speaker_for(unit, group)->member.subject, unit)));
    }
    co_await when_all(std::move(steps));
  }

  Task<> run_hooks() {
    std::vector<Task<>> steps;
    for (const auto& [argv, group] : by_command(remaining(), &config::Target::post_hook)) {
      for (auto* traveller : group) traveller->told_hook = true;
      steps.push_back(step(group, actions_.hook(subjects_of(group), Event::deploy)));
    }
    co_await when_all(std::move(steps));
  }

  Task<> verify() {
    std::vector<Task<>> steps;
    for (auto* traveller : remaining()) {
      if (traveller->target().verify) steps.push_back(step({traveller}, actions_.verify(traveller->member.subject)));
    }
    co_await when_all(std::move(steps));
  }

  /// A step that all of `group` take together: its failure is that of each.
  static Task<> step(Travellers group, Task<> action) {
    std::optional<Error> failure;
    try {
      co_await std::move(action);
    } catch (const Error& error) {
      failure = error;
    }
    if (!failure) co_return;
    for (auto* traveller : group) {
      if (!traveller->failure) traveller->failure = failure;
      traveller->failed_with_others |= group.size() > 1;
    }
  }

  static Task<> keep(Traveller* traveller) {
    traveller->in_place = false;
    if (traveller->place) traveller->failure = co_await traveller->place->keep();
    if (traveller->failure) traveller->left = Left::with_new_pair;
  }

  /// Those that have failed since the last call.
  Task<> undo_failed() {
    Travellers put_back;
    for (auto& traveller : all_) {
      if (!traveller.failure || !traveller.in_place) continue;
      co_await undo(&traveller);
      if (traveller.left == Left::rolled_back) put_back.push_back(&traveller);
    }
    if (!put_back.empty()) co_await tell_of_former_pairs(std::move(put_back));
  }

  /// Puts the former copies back if they are better.
  static Task<> undo(Traveller* traveller) {
    if (!std::exchange(traveller->in_place, false)) co_return;
    traveller->left = Left::with_new_pair;
    if (!traveller->place) {
      traveller->end_of_sentence = "; the new certificate stays in live/, which others read too";
      co_return;
    }
    auto& place = *traveller->place;
    const auto reason_to_stay = co_await place.reason_to_stay(traveller->member.worth_until);
    if (!reason_to_stay.empty()) {
      const auto trouble = co_await place.keep();
      traveller->end_of_sentence = "; " + reason_to_stay;
      if (trouble) traveller->end_of_sentence += fmt::format(" ({})", trouble->what());
      co_return;
    }
    const auto trouble = co_await place.put_back();
    traveller->left = trouble ? Left::as_it_was : Left::rolled_back;
    traveller->end_of_sentence =
        trouble ? fmt::format("; {} could not be put back: {}", place.former_pair(), trouble->what())
                : fmt::format("; {} are back", place.former_pair());
  }

  /// Units and hooks have read the new pairs of `travellers`, or half of them: they are made to read the former ones
  /// again.
  Task<> tell_of_former_pairs(Travellers travellers) {
    std::map<std::string, Travellers> units;
    std::map<Argv, Subjects> hooks;
    for (auto* traveller : travellers) {
      for (const auto& unit : traveller->told_units) units[unit].push_back(traveller);
      const auto& former = traveller->member.former;
      if (traveller->told_hook && former) hooks[former->target.post_hook].push_back(former);
    }
    std::vector<Task<>> calls;
    for (const auto& [unit, group] : units) {
      const auto* speaker = speaker_for(unit, group);
      calls.push_back(warned_of(speaker, actions_.apply(speaker->member.subject, unit)));
    }
    co_await when_all(std::move(calls));
    std::vector<Task<>> runs;
    for (const auto& [argv, subjects] : hooks) {
      runs.push_back(warned_of(travellers.front(), actions_.hook(subjects, Event::rollback)));
    }
    co_await when_all(std::move(runs));
  }

  /// A failure on the way back is only told: there is no other way.
  static Task<> warned_of(const Traveller* traveller, Task<> action) {
    try {
      co_await std::move(action);
    } catch (const Error& error) {
      const auto& certificate = traveller->member.subject->generation.certificate;
      log::warning(fmt::format("{}: target {}: after the former pair was put back, {}", certificate,
                               traveller->target().name, error.what()),
                   {{"ACMED_CERTIFICATE", certificate}, {"ACMED_TARGET", traveller->target().name}});
    }
  }

  Actions& actions_;
  std::vector<Traveller> all_;
};

Task<Outcome> deploy_alone(Actions* actions, Member member) {
  Transaction transaction(*actions, {std::move(member)});
  co_await transaction.run();
  co_return transaction.travellers().front().outcome();
}

}  // namespace

Task<std::vector<Outcome>> deploy(Actions& actions, std::vector<Member> members) {
  Transaction transaction(actions, members);
  co_await transaction.run();
  std::vector<Outcome> outcomes;
  int failures = 0;
  for (const auto& traveller : transaction.travellers()) {
    auto outcome = traveller.outcome();
    if (outcome && traveller.failed_with_others && traveller.left == Left::rolled_back &&
        failures < most_failures_alone) {
      outcome = co_await deploy_alone(&actions, traveller.member);
      failures = outcome ? failures + 1 : 0;
    }
    outcomes.push_back(std::move(outcome));
  }
  co_return outcomes;
}

bool is_in_place(const config::Target& target, const Generation& generation) {
  return !target.directory || has_files_of(target, generation.files);
}

}  // namespace acmed::deploy
