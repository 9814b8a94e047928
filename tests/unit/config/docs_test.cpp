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
)";
/// For examples without one of their own.
constexpr const char* provider = R"([provider.bind]
type = "rfc2136"
server = "192.0.2.1"
zones = ["example.com", "ido.example"]
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

std::string whole(const std::string& example) {
  const bool has_provider = example.find("[provider.") != std::string::npos;
  return std::string(surroundings) + (has_provider ? "" : provider) + with_root(example);
}

/// What is wrong with an example besides what a reader's host has and a test's has not: programs, files of secrets,
/// PINs.
std::string faults_of(const std::string& example, const std::filesystem::path& folder) {
  std::string text;
  try {
    config::parse(whole(example), folder / "acmed.toml");
  } catch (const config::Faults& faults) {
    for (const auto& fault : faults.list()) {
      if (fault.sentence.find("there is no file /") == std::string::npos) text += fault.sentence + "\n";
    }
  }
  return text;
}

}  // namespace

SCENARIO("what README.md and the recipes show is a configuration that acmed takes") {
  const TemporaryFolder folder;
  for (const auto* pin : {"token-pin", "corp-password"}) std::ofstream(folder.path() / pin) << "123456";
  for (const auto* credential : {"cf-token", "aws-key", "ido-hmac"}) {
    std::ofstream(folder.path() / credential) << "0123456789abcdef0123456789abcdef01234567";
  }
  ::setenv("CREDENTIALS_DIRECTORY", folder.path().c_str(), 1);
  std::vector<std::filesystem::path> files = {ACMED_README};
  for (const auto& file : std::filesystem::directory_iterator(ACMED_DOCS)) files.push_back(file.path());
  std::size_t examples = 0;
  for (const auto& file : files) {
    for (const auto& example : examples_in(text_of(file))) {
      INFO(file.string() << "\n" << example);
      ++examples;
      CHECK(faults_of(example, folder.path()) == "");
    }
  }
  ::unsetenv("CREDENTIALS_DIRECTORY");
  CHECK(examples >= 20);
}
