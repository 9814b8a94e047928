// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "config/load.h"
#include "tests/unit/catch.h"
#include "tests/unit/temporary_folder.h"

using namespace acmed;

namespace {

constexpr const char* surroundings = R"(state_directory = "/state"
[ca.letsencrypt]
terms_agreed = true
[provider.bind]
type = "rfc2136"
server = "192.0.2.1"
zones = ["example.com"]
)";

std::string text_of(const std::filesystem::path& file) {
  std::ostringstream text;
  text << std::ifstream(file).rdbuf();
  return text.str();
}

/// What stands between "```toml" and "```".
std::vector<std::string> examples_in(const std::string& text) {
  std::vector<std::string> examples;
  const std::string begin = "\n```toml\n";
  for (auto at = text.find(begin); at != std::string::npos; at = text.find(begin, at + 1)) {
    const auto start = at + begin.size();
    examples.push_back(text.substr(start, text.find("\n```", start) - start));
  }
  return examples;
}

/// Users that the host of a test does not have.
std::string with_root(std::string example) {
  for (const std::string key : {"owner", "group"}) {
    const auto line = key + " = \"postgres\"";
    if (const auto at = example.find(line); at != std::string::npos)
      example.replace(at, line.size(), key + " = \"root\"");
  }
  return example;
}

}  // namespace

SCENARIO("what the recipes show is a configuration that acmed takes") {
  const TemporaryFolder folder;
  std::ofstream(folder.path() / "cf-token") << "0123456789abcdef0123456789abcdef01234567";
  ::setenv("CREDENTIALS_DIRECTORY", folder.path().c_str(), 1);
  std::size_t examples = 0;
  for (const auto& file : std::filesystem::directory_iterator(ACMED_DOCS)) {
    for (const auto& example : examples_in(text_of(file.path()))) {
      INFO(file.path().string());
      ++examples;
      CHECK_NOTHROW(config::parse(surroundings + with_root(example), folder.path() / "acmed.toml"));
    }
  }
  ::unsetenv("CREDENTIALS_DIRECTORY");
  CHECK(examples >= 8);
}
