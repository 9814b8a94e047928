// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>

#include "base/error.h"
#include "config/config.h"
#include "tests/unit/catch.h"

namespace acmed::providers {

/// A folder with programs for a test, removed at the end.
class Programs {
 public:
  Programs();
  Programs(const Programs&) = delete;
  Programs& operator=(const Programs&) = delete;
  ~Programs();

  std::filesystem::path path(const std::string& name) const { return folder_ / name; }

  /// A shell script of that name.
  std::string script(const std::string& name, const std::string& text) const;

  /// A plug-in in shell that says hello and then runs `body` for each request, with `id`, `method` and the whole
  /// `line`.
  std::string plugin(const std::string& body) const;

  std::string read(const std::string& name) const;
  void write(const std::string& name, const std::string& text) const;

 private:
  std::filesystem::path folder_;
};

/// "made", or "retry CAUSE: SENTENCE" and so on.
template <class Call>
std::string outcome_of(const Call& call) {
  try {
    call();
    return "made";
  } catch (const Error& error) {
    const auto* advice = error.advice() == Error::Advice::refused     ? "refused "
                         : error.advice() == Error::Advice::throttled ? "throttled "
                                                                      : "retry ";
    return advice + error.cause() + ": " + error.what();
  }
}

/// A provider that runs `program`, with a secret in its environment.
config::ExternalProgram external_program(std::vector<std::string> command, Duration timeout);

}  // namespace acmed::providers
