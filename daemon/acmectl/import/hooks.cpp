// SPDX-License-Identifier: Apache-2.0
#include "daemon/acmectl/import/hooks.h"

#include <sstream>

namespace acmed::acmectl::import {
namespace {

/// What a shell would do more with than pass it on.
bool takes_shell(std::string_view command) {
  return command.find_first_of("|&;<>()$`\\\"'*?[]#~=%{}!\n") != command.npos;
}

std::vector<std::string> words_of(std::string_view command) {
  std::istringstream stream{std::string(command)};
  std::vector<std::string> words;
  for (std::string word; stream >> word;) words.push_back(std::move(word));
  return words;
}

std::string unit_of(const std::string& name) {
  return name.find('.') == std::string::npos ? name + ".service" : name;
}

/// The units of "systemctl VERB UNIT...", or of "service UNIT VERB"; empty when it is neither.
std::vector<std::string> units_of(const std::vector<std::string>& words, std::string* verb) {
  std::vector<std::string> units;
  const auto program = words.empty() ? std::string() : std::filesystem::path(words[0]).filename().string();
  if (program == "systemctl" && words.size() >= 3) {
    *verb = words[1];
    for (std::size_t i = 2; i < words.size(); ++i) {
      if (words[i].starts_with('-')) return {};
      units.push_back(unit_of(words[i]));
    }
  } else if ((program == "service" || program == "invoke-rc.d") && words.size() == 3) {
    *verb = words[2];
    units.push_back(unit_of(words[1]));
  }
  return units;
}

}  // namespace

FoundTarget target_of_command(std::string name, std::string_view command) {
  FoundTarget target;
  target.name = std::move(name);
  if (takes_shell(command)) {
    target.post_hook = {"/bin/sh", "-c", std::string(command)};
    return target;
  }
  auto words = words_of(command);
  std::string verb;
  auto units = units_of(words, &verb);
  const bool reloads = verb == "reload" || verb == "reload-or-restart" || verb == "try-reload-or-restart" ||
                       verb == "force-reload" || verb == "reload-or-try-restart";
  const bool restarts = verb == "restart" || verb == "try-restart" || verb == "condrestart";
  if (!units.empty() && reloads) {
    target.reload = std::move(units);
  } else if (!units.empty() && restarts) {
    target.restart = std::move(units);
  } else {
    target.post_hook = std::move(words);
  }
  return target;
}

}  // namespace acmed::acmectl::import
