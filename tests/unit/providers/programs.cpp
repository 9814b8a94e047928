// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/providers/programs.h"

#include <fstream>
#include <sstream>

namespace acmed::providers {

namespace fs = std::filesystem;

std::string Programs::script(const std::string& name, const std::string& text) const {
  write(name, "#!/bin/sh\n" + text + "\n");
  fs::permissions(path(name), fs::perms::owner_all);
  return path(name);
}

std::string Programs::plugin(const std::string& body) const {
  const auto folder = folder_.path().string();
  return script("plugin", "folder=" + folder + R"(
echo started >>"$folder/starts"
while read -r line; do
  id=${line#*\"id\":} id=${id%%[,\}]*}
  method=${line#*\"method\":\"} method=${method%%\"*}
  case $method in hello) echo "{\"id\":$id,\"version\":1$HELLO}"; continue ;; esac
  )" + body + "\ndone");
}

std::string Programs::read(const std::string& name) const {
  const std::ifstream file(path(name));
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

void Programs::write(const std::string& name, const std::string& text) const {
  std::ofstream(path(name)) << text;
}

config::ExternalProgram external_program(std::vector<std::string> command, Duration timeout) {
  config::ExternalProgram program;
  program.command = std::move(command);
  program.environment = {{"API_TOKEN", Secret("hush-hush"), true}, {"WORD", Secret("plain"), false}};
  program.timeout = timeout;
  return program;
}

}  // namespace acmed::providers
