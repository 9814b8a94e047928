// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/runtime/task.h"
#include "daemon/deploy/journal.h"
#include "daemon/deploy/place.h"
#include "daemon/deploy/subject.h"

namespace acmed::deploy {

/// What deployments do on this host, which may take rights that the daemon does not have. Every call can be told in
/// names and numbers alone (certificate, target, generation; event and unit), never in commands, paths or contents: a
/// process that does it for the daemon reads the configuration itself and does nothing else than what stands there.
///
/// The calls throw Retry and Refused with one sentence, and Cancelled after they have ended what they had begun.
class Actions {
 public:
  Actions() = default;
  Actions(const Actions&) = delete;
  Actions& operator=(const Actions&) = delete;
  virtual ~Actions() = default;

  /// Where the subject's target has its copies; the target has a directory.
  virtual std::unique_ptr<Place> place(std::shared_ptr<const Subject> subject) = 0;

  /// Runs the `test` of the subjects' targets, which is the same command for all, once ("deploy:test",
  /// "deploy:timeout", "deploy:program").
  virtual Task<> test(Subjects subjects) = 0;

  /// Makes the service manager reload `unit`, which stands in `reload` of the subject's target, or restart it if it
  /// stands in `restart`, and waits for the end of that. A unit that is not running is left alone ("deploy:unit",
  /// "deploy:timeout").
  virtual Task<> apply(std::shared_ptr<const Subject> subject, std::string unit) = 0;

  /// Completes once the service that `verify` of the subject's target names presents the subject's certificate
  /// ("deploy:verify").
  virtual Task<> verify(std::shared_ptr<const Subject> subject) = 0;

  /// Runs the `post_hook` of the subjects' targets, which is the same command for all, once ("deploy:hook",
  /// "deploy:timeout", "deploy:program"). For Event::rollback the subjects have their former generations.
  virtual Task<> hook(Subjects subjects, Event event) = 0;

  /// The targets to which something was under way when a process ended. Throws Retry.
  virtual Task<std::vector<TargetName>> interrupted() = 0;

  /// Takes back what was under way to one that is configured no more. Throws Retry.
  virtual Task<> take_back(TargetName former) = 0;
};

}  // namespace acmed::deploy
