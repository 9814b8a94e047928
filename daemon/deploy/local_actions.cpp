// SPDX-License-Identifier: Apache-2.0
#include "daemon/deploy/local_actions.h"

#include <algorithm>

#include "base/runtime/offload.h"
#include "daemon/deploy/facts.h"
#include "daemon/deploy/program.h"
#include "daemon/deploy/units.h"

namespace acmed::deploy {
namespace {

/// One run for several targets has the longest of their limits.
Duration limit_of(const Subjects& subjects) {
  Duration limit = Duration::zero();
  for (const auto& subject : subjects) limit = std::max(limit, subject->target.timeout);
  return limit;
}

}  // namespace

std::unique_ptr<Place> LocalActions::place(std::shared_ptr<const Subject> subject) {
  return std::make_unique<Copies>(subject->target, subject->generation, journals_);
}

Task<> LocalActions::test(Subjects subjects) {
  const Program program{"test", subjects.front()->target.test, limit_of(subjects)};
  return run_program(program, facts_for(subjects, Event::deploy));
}

Task<> LocalActions::apply(std::shared_ptr<const Subject> subject, std::string unit) {
  const auto& target = subject->target;
  const bool is_reload = std::ranges::find(target.restart, unit) == target.restart.end();
  return tell_unit(std::move(unit), is_reload ? UnitVerb::reload : UnitVerb::restart, target.timeout);
}

Task<> LocalActions::hook(Subjects subjects, Event event) {
  const Program program{"hook", subjects.front()->target.post_hook, limit_of(subjects)};
  return run_program(program, facts_for(subjects, event));
}

Task<std::vector<TargetName>> LocalActions::interrupted() {
  co_return co_await offload([journals = journals_] { return targets_with_journals(journals); });
}

Task<> LocalActions::take_back(TargetName former) {
  co_await offload([journals = journals_, former = std::move(former)] { deploy::take_back(former, journals); });
}

}  // namespace acmed::deploy
