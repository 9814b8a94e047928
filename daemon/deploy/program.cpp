// SPDX-License-Identifier: Apache-2.0
#include "daemon/deploy/program.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/foreign_text.h"
#include "base/log.h"
#include "base/runtime/command.h"

namespace acmed::deploy {
namespace {

constexpr std::size_t most_logged_lines = 200;  ///< of the beginning, and of the end
constexpr std::size_t longest_line = 500;

void log_output(const Program& program, const CommandResult& result) {
  const auto lines = lines_of(result.output, longest_line);
  const auto level = result.succeeded() ? log::Level::debug : log::Level::info;
  const auto end = lines.size() - std::min(lines.size(), most_logged_lines);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (i == most_logged_lines && i < end) {
      log::write(level, fmt::format("{} {}: {} lines are left out", program.role, program.argv.front(), end - i));
      i = end;
    }
    log::write(level, fmt::format("{} {}: {}", program.role, program.argv.front(), lines[i]));
  }
}

}  // namespace

Task<> run_program(Program program, Facts facts) {
  Command command;
  command.argv = program.argv;
  for (auto& variable : facts.environment) command.environment.emplace_back(std::move(variable));
  command.input = std::move(facts.json);
  command.limit = program.limit;
  CommandResult result;
  try {
    result = co_await run_command(std::move(command));
  } catch (const Refused& error) {
    throw Refused("deploy:program", fmt::format("the {} did not run: {}", program.role, error.what()));
  }
  log_output(program, result);
  if (result.succeeded()) co_return;
  const auto end = last_words(result.output, longest_line);
  throw Retry(result.timed_out ? "deploy:timeout" : "deploy:" + program.role,
              fmt::format("the {} {} {}{}", program.role, program.argv.front(), result.outcome(program.limit),
                          end.empty() ? ", without a word" : ": " + end));
}

}  // namespace acmed::deploy
