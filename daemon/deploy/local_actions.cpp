// SPDX-License-Identifier: Apache-2.0
#include "daemon/deploy/local_actions.h"

#include <fmt/format.h>

#include "base/error.h"
#include "daemon/deploy/facts.h"
#include "daemon/deploy/program.h"

namespace acmed::deploy {
namespace {

/// Programs are told of one certificate yet, the first.
Facts facts_of(const Subjects& subjects, const std::string& event) {
  return facts_for(subjects.front()->target, subjects.front()->generation, event);
}

}  // namespace

std::unique_ptr<Place> LocalActions::place(std::shared_ptr<const Subject> subject) {
  return std::make_unique<Copies>(subject->target, subject->generation, journals_);
}

Task<> LocalActions::test(Subjects subjects) {
  const auto& target = subjects.front()->target;
  return run_program({"test", target.test, target.timeout}, facts_of(subjects, "deploy"));
}

Task<> LocalActions::apply(std::shared_ptr<const Subject>, std::string unit) {
  throw Refused("deploy:unit", fmt::format("this version does not speak to the service manager yet: {}", unit));
}

Task<> LocalActions::verify(std::shared_ptr<const Subject>) {
  co_return;  // the configuration has no key for it yet
}

Task<> LocalActions::hook(Subjects subjects, Event event) {
  const auto& target = subjects.front()->target;
  return run_program({"hook", target.post_hook, target.timeout},
                     facts_of(subjects, event == Event::rollback ? "rollback" : "deploy"));
}

}  // namespace acmed::deploy
