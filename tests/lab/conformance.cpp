// SPDX-License-Identifier: Apache-2.0
// The conformance suite against an operator of the lab: the provider is made from the configuration CONFORMANCE_CONFIG,
// its only one, and the program CONFORMANCE_CONTROL looks behind it (tests/lab/operator.sh).
#include <fmt/format.h>
#include <stdio.h>
#include <sys/wait.h>

#include <array>
#include <cstdlib>
#include <sstream>

#include "base/runtime/offload.h"
#include "base/runtime/scope.h"
#include "providers/registry.h"
#include "tests/unit/catch.h"
#include "tests/unit/providers/conformance.h"

using namespace acmed;
using namespace acmed::providers;

namespace {

constexpr int not_to_be_had = 77;

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  if (value == nullptr) throw std::runtime_error(std::string(name) + " is not set");
  return value;
}

std::string quoted(const std::string& text) {
  std::string result = "'";
  for (const char c : text) result += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return result + "'";
}

struct Said {
  int status = 0;
  std::string output;
};

Said control(const std::vector<std::string>& arguments) {
  auto command = quoted(variable("CONFORMANCE_CONTROL"));
  for (const auto& argument : arguments) command += " " + quoted(argument);
  FILE* pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) throw std::runtime_error("cannot run " + command);
  Said said;
  std::array<char, 4096> block;
  while (const auto count = fread(block.data(), 1, block.size(), pipe)) said.output.append(block.data(), count);
  said.status = WEXITSTATUS(pclose(pipe));
  return said;
}

void must(const std::vector<std::string>& arguments) {
  const auto said = control(arguments);
  if (said.status != 0) throw std::runtime_error(fmt::format("control {} failed: {}", arguments.front(), said.output));
}

std::string word(Fault fault) {
  switch (fault) {
    case Fault::credentials:
      return "credentials";
    case Fault::throttled:
      return "throttled";
    case Fault::silent:
      return "silent";
    case Fault::garbage:
      break;
  }
  return "garbage";
}

/// Off the loop, which may be the operator itself.
Task<Said> control_beside(std::vector<std::string> arguments) {
  co_return co_await offload([arguments] { return control(arguments); });
}

class LabStage final : public Stage {
 public:
  ~LabStage() override { control({"heal"}); }

  Loop& loop() override { return loop_; }
  /// Reads the configuration anew: a fault may have put other credentials there.
  std::unique_ptr<Provider> make_provider() override {
    config_ = config::load(variable("CONFORMANCE_CONFIG"));
    return providers::make_provider(config_.providers.front(), loop_, discovery_, &servers_);
  }
  dns::Name zone() override { return dns::Name(variable("CONFORMANCE_ZONE")); }
  std::set<std::string> values_at(const dns::Name& name) override {
    const auto said = run(loop_, control_beside({"values", name.text()}));
    if (said.status != 0) throw std::runtime_error("control values failed: " + said.output);
    std::set<std::string> values;
    std::istringstream lines(said.output);
    for (std::string line; std::getline(lines, line);) values.insert(line);
    return values;
  }
  void put(const dns::Name& name, const std::string& value) override { must({"put", name.text(), value}); }
  bool has_others() override { return control({"put", "probe." + zone().text(), "probe"}).status != not_to_be_had; }
  bool fault(Fault fault) override {
    const auto status = control({"fault", word(fault)}).status;
    if (status == not_to_be_had) return false;
    if (status != 0) throw std::runtime_error("control fault failed");
    return true;
  }
  void heal() override { must({"heal"}); }

 private:
  Loop loop_;
  NameServers servers_;
  config::Config config_;
  dns::Discovery discovery_{loop_, {dns::Endpoint::parse(variable("LAB_RESOLVER")).value()}};
};

}  // namespace

SCENARIO("the provider does with its operator what every provider must") {
  LabStage stage;
  check_conformance(stage);
}
