// SPDX-License-Identifier: Apache-2.0
#include "config/providers/external_program.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/program_file.h"
#include "config/command.h"
#include "config/files.h"
#include "config/secrets.h"

namespace acmed::config {
namespace {

using namespace std::chrono_literals;

constexpr Duration shortest_timeout = 1s;
constexpr Duration longest_timeout = 1h;
/// Variables whose names end in these have secret values.
constexpr std::array<std::string_view, 6> secret_endings = {"KEY", "PASS", "PASSWD", "PASSWORD", "SECRET", "TOKEN"};

bool is_variable_name(std::string_view name) {
  const auto is_letter = [](char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_'; };
  const auto may_follow = [&](char c) { return is_letter(c) || (c >= '0' && c <= '9'); };
  return !name.empty() && is_letter(name.front()) && std::ranges::all_of(name, may_follow);
}

bool tells_of_secret(std::string name) {
  std::ranges::transform(name, name.begin(),
                         [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
  return std::ranges::any_of(secret_endings, [&](std::string_view ending) { return name.ends_with(ending); });
}

/// A program that cannot be started is reported now, not on the day it is needed.
void check_program(Reader& provider, const Node& command) {
  const auto* argv = command.as<List>();
  const auto* program = argv == nullptr || argv->empty() ? nullptr : argv->front().as<std::string>();
  if (program == nullptr) return;
  const bool is_path = program->find('/') != std::string::npos;
  if (program->empty() || (is_path && !program->starts_with('/'))) return;  // read_command() has already reported it
  if (const auto fault = fault_of_program(*program); !fault.empty()) {
    provider.fault(argv->front().place, "command", fault);
  }
}

/// Accepts plain text, except for variables whose name says that they are secret.
std::optional<Variable> read_variable(Reader& reader, const std::string& name) {
  const auto& node = *reader.node(name);
  if (!is_variable_name(name)) {
    reader.fault(node.place, name, "this is no name of a variable; it has letters, digits and \"_\" alone");
    return std::nullopt;
  }
  if (name == "PATH") {
    reader.fault(node.place, name, fmt::format("a program's PATH is always {}", program_search_path));
    return std::nullopt;
  }
  const auto* text = node.as<std::string>();
  if (text != nullptr && !tells_of_secret(name)) {
    if (text->find('\0') == std::string::npos) return Variable{name, Secret(*text), false};
    reader.fault(node.place, name, "the string holds a NUL character");
    return std::nullopt;
  }
  auto secret = read_secret(reader, name, SecretForm::text);
  if (!secret) return std::nullopt;
  return Variable{name, std::move(secret->source), true};
}

std::vector<Variable> read_environment(Reader reader) {
  std::vector<Variable> environment;
  for (const auto& entry : reader.entries()) {
    if (auto variable = read_variable(reader, entry.key)) environment.push_back(*std::move(variable));
  }
  return environment;
}

}  // namespace

ExternalProgram read_external_program(Reader& provider) {
  ExternalProgram program;
  const auto* command = provider.node("command");
  provider.required("command", "the program and its arguments, [\"/usr/lib/x\", \"y\"]");
  program.command = read_command(provider, "command");
  if (command != nullptr) check_program(provider, *command);
  if (auto environment = provider.secret_table("environment")) {
    program.environment = read_environment(*std::move(environment));
  }
  program.timeout = provider.duration("timeout", shortest_timeout, longest_timeout).value_or(program.timeout);
  return program;
}

std::string place_of(const ExternalProgram& program) {
  return program.command.empty() ? std::string() : program.command.front();
}

}  // namespace acmed::config
