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

/// What came of the programs: nothing when all went well.
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

/// Does the work on files off the loop; gives what went wrong. A file's trouble has one cause for machines, whichever
/// call met it.
Task<std::optional<Error>> off_loop(std::function<void()> work) {
  std::optional<Error> failure;
  try {
    co_await offload(std::move(work));
  } catch (const Error& error) {
    const bool own_cause = error.advice() == Error::Advice::refused || error.cause() == "deploy:owner";
    failure = Error(error.advice(), own_cause ? error.cause() : "deploy:file", error.what());
  }
  co_return failure;
}

using Files = std::shared_ptr<const FileSet>;

Task<std::optional<Error>> install(Files files, std::filesystem::path folder) {
  return off_loop([files = std::move(files), folder = std::move(folder)] { files->install(folder); });
}

Task<std::optional<Error>> keep(Files files) {
  return off_loop([files = std::move(files)] { files->keep(); });
}

Task<std::optional<Error>> put_back(Files files) {
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

/// Why the former files are not put back, for a sentence; empty when they are to be.
Task<std::string> reason_to_stay(Files files, Time worth_until) {
  const auto former = co_await offload([files = std::move(files)] { return files->former(); });
  if (!former.existed) co_return "there were no files before: the new ones stay";
  if (former.not_after && *former.not_after <= worth_until) {
    co_return fmt::format("the new files stay, since the former certificate ends at {}", to_rfc3339(*former.not_after));
  }
  co_return "";
}

[[noreturn]] void throw_not_taken(const config::Target& target, const Error& reason, const std::string& state,
                                  bool new_files_stay) {
  throw NotTaken(reason, fmt::format("target {}: {}{}", target.name, reason.what(), state), new_files_stay);
}

}  // namespace

Task<> to_target(config::Target target, Generation generation, std::optional<Generation> previous, Time worth_until,
                 std::string event) {
  Files files;
  if (target.directory) files = std::make_shared<const FileSet>(target, generation.certificate);
  if (files) {
    const auto trouble = co_await install(files, generation.folder);
    if (trouble) throw_not_taken(target, *trouble, "", false);
  }

  auto outcome = co_await run_programs(target, facts_for(target, generation, event));
  std::string stays;
  if (files && !outcome.good()) stays = co_await reason_to_stay(files, worth_until);
  if (files && (outcome.good() || !stays.empty())) {
    const auto trouble = co_await keep(files);
    if (trouble) throw_not_taken(target, *trouble, "", true);
  }
  if (outcome.good()) co_return;
  if (outcome.cancelled && !stays.empty()) throw Cancelled();
  if (!stays.empty()) throw_not_taken(target, *outcome.failure, "; " + stays, true);

  std::string state;
  if (files) {
    const auto trouble = co_await put_back(files);
    state = trouble ? fmt::format("; the former files could not be put back: {}", trouble->what())
                    : "; the former files are back";
  }
  if (!outcome.failure) throw Cancelled();
  if (outcome.hook_began && files && previous) co_await run_hook_for_old_files(target, *std::move(previous));
  throw_not_taken(target, *outcome.failure, state, false);
}

bool is_in_place(const config::Target& target, const Generation& generation) {
  return !target.directory || FileSet(target, generation.certificate).has_files_of(generation.folder);
}

}  // namespace acmed::deploy
