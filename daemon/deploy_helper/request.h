// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

/// The process of root's that deploys for a daemon without rights. Everything that it does stands in the configuration,
/// which it reads itself: the daemon can ask for nothing but which of it to do now.
namespace acmed::deploy_helper {

/// What can be asked for; the calls of deploy::Place and deploy::Actions.
enum class Operation { install, reason_to_stay, keep, put_back, test, apply, hook, rollback_hook };

/// A generation of a certificate for one of its targets.
struct SubjectName {
  std::string certificate;
  std::string target;
  unsigned generation = 0;
  friend bool operator==(const SubjectName&, const SubjectName&) = default;
};

/// One request: one line of JSON, with the generations' contents in a descriptor beside it (contents.h).
struct Request {
  Operation operation = Operation::install;
  std::vector<SubjectName> subjects;  ///< at least one; more than one only for programs, which are run once for all
  std::string unit;                   ///< for `apply`: which of those in the configuration
  std::int64_t worth_until = 0;       ///< for `reason_to_stay`: seconds since 1970
  friend bool operator==(const Request&, const Request&) = default;
};

/// Whether a program is run, once for all subjects.
bool takes_many(Operation operation);

/// Whether the generations' files go along with such a request.
bool needs_contents(Operation operation);

/// Bounds of a request.
constexpr std::size_t longest_request = std::size_t{256} * 1024;
constexpr std::size_t most_subjects = 1000;

/// Without the end of the line.
std::string to_line(const Request& request);

/// Throws Refused ("helper:request") for anything but a request: what else it says is not looked at.
Request parse_request(std::string_view line);

/// What came of it: one line of JSON. Before it there may be lines that tell of progress.
struct Answer {
  std::optional<Error> failure;
  std::string text;  ///< of `reason_to_stay`
};

constexpr std::size_t longest_answer = std::size_t{16} * 1024;

std::string to_line(const Answer& answer);
/// Says that the request was understood and is being carried out: after this line the end of the connection without an
/// answer leaves open what was done.
std::string progress_line();
/// Nothing for a line that tells of progress. Throws Retry ("helper:answer") for anything else.
std::optional<Answer> parse_answer(std::string_view line);

}  // namespace acmed::deploy_helper
