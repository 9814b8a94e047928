// SPDX-License-Identifier: Apache-2.0
#include "providers/lego/exec.h"

#include <fmt/format.h>

#include "base/log.h"
#include "base/runtime/command.h"
#include "base/runtime/in_context.h"
#include "providers/kit/causes.h"
#include "providers/kit/external_program.h"

namespace acmed::providers {
namespace {

constexpr std::size_t most_logged_lines = 50;  // of one call
constexpr std::size_t longest_line = 500;
constexpr std::size_t longest_quote = 150;  // of each line, in a sentence

}  // namespace

LegoExec::LegoExec(const config::Provider& configured, const config::LegoExec& settings, dns::Discovery& discovery)
    : LegoBridge(configured, settings.mode, discovery), program_(settings.program) {}

Task<> LegoExec::call(TxtChange change) {
  const auto words = words_for(change);
  Command command;
  command.argv = program_.command;
  command.argv.emplace_back(verb(change));
  if (is_raw()) command.argv.emplace_back("--");
  command.argv.insert(command.argv.end(), words.begin(), words.end());
  command.environment = co_await environment_of(program_);
  command.limit = program_.timeout;
  const auto result = co_await in_context(Party::host, {}, run_command(std::move(command)));
  const auto shown = words_of(program_);
  log_output(shown.lines(result.output, longest_line), !result.succeeded());
  if (result.succeeded()) co_return;
  const auto last = shown.last(result.output, longest_quote);
  throw Retry(result.timed_out ? cause::program_timeout : "lego-exec:failed",
              fmt::format("{} {} {} {}{}", program_.command.front(), verb(change), change.name.text(),
                          result.outcome(program_.timeout), last.empty() ? ", without a word" : ": " + last));
}

LegoBridge::Concerns LegoExec::concerns(const Error& failure) const {
  if (failure.cause().starts_with(cause::of_program)) return Concerns::all;
  return failure.cause() == cause::program_timeout ? Concerns::perhaps_all : Concerns::nobody_else;
}

void LegoExec::log_output(const std::vector<std::string>& lines, bool failed) const {
  const auto level = failed ? log::Level::info : log::Level::debug;
  for (std::size_t i = 0; i < lines.size() && i < most_logged_lines; ++i) {
    log::write(level, fmt::format("provider {}: {}", name(), lines[i]), {{"ACMED_PROVIDER", name()}});
  }
  if (lines.size() > most_logged_lines) {
    log::write(level, fmt::format("provider {}: {} more lines", name(), lines.size() - most_logged_lines),
               {{"ACMED_PROVIDER", name()}});
  }
}

}  // namespace acmed::providers
