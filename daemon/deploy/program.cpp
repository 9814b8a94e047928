// SPDX-License-Identifier: Apache-2.0
#include "daemon/deploy/program.h"

#include <fmt/format.h>

#include "base/log.h"
#include "base/runtime/process.h"

namespace acmed::deploy {
namespace {

constexpr std::size_t most_logged_lines = 200;
constexpr std::size_t longest_line = 500;
constexpr std::size_t lines_in_sentence = 3;

/// The lines that are not empty, cut, and with what a terminal would act on made visible.
std::vector<std::string> lines_of(const std::string& output) {
  std::vector<std::string> lines;
  std::string line;
  const auto end_line = [&] {
    if (!line.empty()) lines.push_back(line);
    line.clear();
  };
  for (const char c : output) {
    const auto code = static_cast<unsigned char>(c);
    if (c == '\n' || c == '\r') {
      end_line();
    } else if (line.size() < longest_line) {
      line += code < 0x20 || code == 0x7f ? '?' : c;
    }
  }
  end_line();
  return lines;
}

void log_output(const Program& program, const CommandResult& result) {
  const auto lines = lines_of(result.output);
  const auto level = result.succeeded() ? log::Level::debug : log::Level::info;
  for (std::size_t i = 0; i < lines.size() && i < most_logged_lines; ++i) {
    log::write(level, fmt::format("{} {}: {}", program.role, program.argv.front(), lines[i]));
  }
  if (lines.size() > most_logged_lines) {
    log::write(level, fmt::format("{} {}: {} more lines", program.role, program.argv.front(),
                                  lines.size() - most_logged_lines));
  }
}

}  // namespace

std::string end_of_output(const std::string& output) {
  const auto lines = lines_of(output);
  std::string end;
  for (std::size_t i = lines.size() > lines_in_sentence ? lines.size() - lines_in_sentence : 0; i < lines.size(); ++i) {
    end += (end.empty() ? "" : " / ") + lines[i];
  }
  return end;
}

Task<> run_program(Program program, Facts facts) {
  Command command;
  command.argv = program.argv;
  command.environment = std::move(facts.environment);
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
  const auto end = end_of_output(result.output);
  throw Retry(result.timed_out ? "deploy:timeout" : "deploy:" + program.role,
              fmt::format("the {} {} {}{}", program.role, program.argv.front(), result.outcome(program.limit),
                          end.empty() ? ", without a word" : ": " + end));
}

}  // namespace acmed::deploy
