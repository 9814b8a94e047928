// SPDX-License-Identifier: Apache-2.0
#include "base/runtime/line_program.h"

#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>

#include <filesystem>

#include "base/runtime/scope.h"
#include "base/runtime/sleep.h"
#include "tests/unit/catch.h"

using namespace acmed;
using namespace std::chrono_literals;
using Catch::Contains;

namespace {

constexpr std::size_t longest_line = 100'000;

/// A shell script spoken to in lines, and all that was heard of it.
class Talk {
 public:
  explicit Talk(const std::string& script)
      : program_(loop_, {"sh", "-c", script}, {Secret("WORD=hush")}, longest_line,
                 {[this](std::string_view line) { hear(lines, line); },
                  [this](std::string_view line) { hear(errors, line); },
                  [this] {
                    flooded = true;
                    program_.end();
                  },
                  [this](const std::string& how) {
                    outcome = how;
                    news_.wake_all();
                  }}) {}

  void say(const std::string& line) { program_.write_line(line); }
  void end() { program_.end(); }
  bool is_running() const { return program_.is_running(); }

  void await_lines(std::size_t count) { run(loop_, until(this, &lines, count)); }
  void await_errors(std::size_t count) { run(loop_, until(this, &errors, count)); }
  void await_end() { run(loop_, program_.gone()); }

  std::vector<std::string> lines;
  std::vector<std::string> errors;
  std::string outcome;
  bool flooded = false;

 private:
  void hear(std::vector<std::string>& heard, std::string_view line) {
    heard.emplace_back(line);
    news_.wake_all();
  }
  static Task<> until(Talk* talk, std::vector<std::string>* heard, std::size_t count) {
    while (heard->size() < count && talk->outcome.empty()) co_await talk->news_.turn();
  }

  Loop loop_;
  Waiters news_;
  LineProgram program_;
};

/// Whether the process ends, now or soon: an end by signal takes its moment.
bool ends(pid_t pid) {
  const Fd process(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  if (!process) return true;
  pollfd ended{process.get(), POLLIN, 0};
  return poll(&ended, 1, 10'000) == 1;
}

}  // namespace

SCENARIO("a program is spoken to line by line") {
  // It stays when its input ends, so that only the signal ends it.
  Talk talk("echo ready; while read -r line; do echo \"heard $line\"; done; while :; do sleep 60; done");
  talk.await_lines(1);
  talk.say("one");
  talk.say("two");
  talk.await_lines(3);
  CHECK(talk.lines == std::vector<std::string>{"ready", "heard one", "heard two"});
  CHECK(talk.is_running());
  WHEN("it is ended") {
    talk.end();
    CHECK_FALSE(talk.is_running());
    talk.await_end();
    CHECK_THAT(talk.outcome, Contains("signal 15"));
  }
}

SCENARIO("what a program wrote before it ended is heard, its last line also without a newline") {
  Talk talk("echo answer; echo half; printf why >&2; exit 3");
  talk.await_end();
  CHECK(talk.lines == std::vector<std::string>{"answer", "half"});
  CHECK(talk.errors == std::vector<std::string>{"why"});
  CHECK(talk.outcome == "exited with 3");
}

SCENARIO("long lines pass in both directions, too long ones do not") {
  Talk talk("while read -r line; do echo \"$line\"; done");
  const std::string longest(longest_line, 'x');
  talk.say(longest);
  talk.say(longest);
  talk.await_lines(2);
  CHECK(talk.lines == std::vector<std::string>{longest, longest});
  CHECK_FALSE(talk.flooded);
  talk.say(longest + "x");
  talk.await_end();
  CHECK(talk.flooded);
  CHECK(talk.lines.size() == 2);
}

SCENARIO("a program that writes on without end does not hold up the loop") {
  Talk talk("yes >&2 & yes");
  talk.await_lines(1000);
  talk.await_errors(1000);
  talk.end();
  talk.await_end();
  CHECK(talk.lines.size() >= 1000);
}

SCENARIO("a long line of errors is cut") {
  Talk talk("head -c 1000000 /dev/zero | tr '\\0' x >&2; echo >&2; echo next >&2");
  talk.await_end();
  REQUIRE(talk.errors.size() == 2);
  CHECK(talk.errors[0] == std::string(8192, 'x'));
  CHECK(talk.errors[1] == "next");
}

SCENARIO("a program that closes its output can never answer, so it is ended") {
  Talk talk("echo one; exec >&-; while :; do sleep 1000; done");
  talk.await_end();
  CHECK(talk.outcome == "closed its standard output and was ended by signal 15 (Terminated)");
}

SCENARIO("a program that does not read is written to without waiting, and ended") {
  Talk talk("echo ready; sleep 1000");
  talk.await_lines(1);
  talk.say(std::string(90'000, 'x'));
  talk.say(std::string(90'000, 'x'));
  talk.end();
  talk.await_end();
  CHECK_THAT(talk.outcome, Contains("signal 15"));
}

SCENARIO("what a program does with its input's end is up to it") {
  Talk talk("exec <&-; echo ready; sleep 1000");
  talk.await_lines(1);
  talk.say("nobody reads this");
  CHECK(talk.is_running());
}

SCENARIO("a program that ignores SIGTERM is killed two seconds later, with its whole group") {
  Talk talk("trap '' TERM; sleep 1000 & echo $!; while :; do sleep 1000; done");
  talk.await_lines(1);
  const auto before = std::chrono::steady_clock::now();
  talk.end();
  talk.await_end();
  CHECK(std::chrono::steady_clock::now() - before >= 2s);
  CHECK_THAT(talk.outcome, Contains("signal 9"));
  CHECK(ends(std::stoi(talk.lines.at(0))));
}

SCENARIO("what a program leaves behind in its group ends with it") {
  Talk talk("sleep 1000 & echo $!; exit 0");
  talk.await_end();
  CHECK(talk.outcome == "exited with 0");
  CHECK(ends(std::stoi(talk.lines.at(0))));
}

SCENARIO("a program does not outlive its owner") {
  pid_t program = 0;
  const auto before = std::chrono::steady_clock::now();
  {
    Talk talk("trap '' TERM; echo $$; while :; do sleep 1000; done");
    talk.await_lines(1);
    program = std::stoi(talk.lines.at(0));
  }
  CHECK(std::chrono::steady_clock::now() - before < 1s);
  CHECK(ends(program));
}

SCENARIO("a program that is not there is refused") {
  Loop loop;
  CHECK_THROWS_AS(LineProgram(loop, {"/no/such/program"}, {}, 100, {}), Refused);
}
