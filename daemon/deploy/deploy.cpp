// SPDX-License-Identifier: Apache-2.0
#include "daemon/deploy/deploy.h"

#include <fmt/format.h>

#include <functional>
#include <memory>

#include "base/log.h"
#include "base/runtime/offload.h"
#include "daemon/deploy/facts.h"
#include "daemon/deploy/file_set.h"
#include "daemon/deploy/program.h"

namespace acmed::deploy {
namespace {

/// A failure on its way from where it was caught to where it is thrown again: nothing can be awaited in between in a
/// handler.
struct Failure {
  Error::Advice advice;
  std::string cause;
  std::string sentence;

  explicit Failure(const Error& error) : advice(error.advice()), cause(error.cause()), sentence(error.what()) {}

  [[noreturn]] void throw_for(const config::Target& target) const {
    const auto whole = fmt::format("target {}: {}", target.name, sentence);
    if (advice == Error::Advice::refused) throw Refused(cause, whole);
    throw Retry(cause, whole);
  }
};

/// What came of the programs: nothing when all went well.
struct Outcome {
  std::optional<Failure> failure;
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
    outcome.failure.emplace(error);
  } catch (const Cancelled&) {
    outcome.cancelled = true;
  }
  co_return outcome;
}

/// Does the work on files off the loop; gives what went wrong. A file's trouble has one cause for machines, whichever
/// call met it.
Task<std::optional<Failure>> off_loop(std::function<void()> work) {
  std::optional<Failure> failure;
  try {
    co_await offload(std::move(work));
  } catch (const Error& error) {
    failure.emplace(error);
    const bool own_cause = error.advice() == Error::Advice::refused || error.cause() == "deploy:owner";
    if (!own_cause) failure->cause = "deploy:file";
  }
  co_return failure;
}

using Files = std::shared_ptr<const FileSet>;

Task<std::optional<Failure>> install(Files files, std::filesystem::path folder) {
  return off_loop([files = std::move(files), folder = std::move(folder)] { files->install(folder); });
}

Task<std::optional<Failure>> keep(Files files) {
  return off_loop([files = std::move(files)] { files->keep(); });
}

Task<std::optional<Failure>> put_back(Files files) {
  return off_loop([files = std::move(files)] { files->put_back(); });
}

/// The service has read the new files, or half of them: let it read the old ones again.
Task<> run_hook_for_old_files(config::Target target, Generation previous) {
  try {
    co_await run_program({"hook", target.post_hook, target.timeout}, facts_for(target, previous, "rollback"));
  } catch (const Error& error) {
    log::warning(fmt::format("{}: target {}: after the former files were put back, {}", previous.certificate,
                             target.name, error.what()),
                 {{"ACMED_CERTIFICATE", previous.certificate}, {"ACMED_TARGET", target.name}});
  }
}

}  // namespace

Task<> to_target(config::Target target, Generation generation, std::optional<Generation> previous, std::string event) {
  Files files;
  if (target.directory) files = std::make_shared<const FileSet>(target, generation.certificate);
  if (files) {
    const auto trouble = co_await install(files, generation.folder);
    if (trouble) trouble->throw_for(target);
  }

  auto outcome = co_await run_programs(target, facts_for(target, generation, event));
  if (outcome.good()) {
    if (!files) co_return;
    const auto trouble = co_await keep(files);
    if (trouble) trouble->throw_for(target);
    co_return;
  }

  std::string state;
  if (files) {
    const auto trouble = co_await put_back(files);
    state = trouble ? "; the former files could not be put back: " + trouble->sentence : "; the former files are back";
  }
  if (!outcome.failure) throw Cancelled();
  auto failure = *std::move(outcome.failure);
  failure.sentence += state;
  if (outcome.hook_began && files && previous) co_await run_hook_for_old_files(target, *std::move(previous));
  failure.throw_for(target);
}

}  // namespace acmed::deploy
