// SPDX-License-Identifier: Apache-2.0
#include "base/runtime/command.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>

#include "base/fd.h"
#include "base/runtime/scope.h"
#include "base/runtime/socket.h"
#include "tests/unit/catch.h"
#include "tests/unit/temporary_folder.h"

using namespace acmed;
using namespace std::chrono_literals;

namespace {

Command shell(const std::string& script) {
  return {{"sh", "-c", script}, {}, "", 30s};
}

CommandResult result_of(Command command) {
  Loop loop;
  return run(loop, run_command(std::move(command)));
}

/// Whether the process ends, now or soon: an end by signal takes its moment.
bool ends(pid_t pid) {
  const Fd process(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  if (!process) return true;
  pollfd ended{process.get(), POLLIN, 0};
  return poll(&ended, 1, 10'000) == 1;
}

/// A shell that ends on SIGTERM, with a child that does not; it prints the child's number.
constexpr const char* with_stubborn_child = "(trap '' TERM; exec sleep 1000) & echo $!; echo $! >\"$1\"; wait";

/// Calls off once the program has said something on its own pipe.
Task<> stop_when_started(int pipe, std::stop_source* stop) {
  co_await readable(pipe);
  stop->request_stop();
}

Task<> run_and_drop(Command command) {
  co_await run_command(std::move(command));
}

}  // namespace

TEST_CASE("a program's exit code is its result") {
  CHECK(result_of(shell("exit 0")).succeeded());
  const auto result = result_of(shell("exit 3"));
  CHECK_FALSE(result.succeeded());
  CHECK(result.ending.exit_code == 3);
  CHECK(result.outcome(30s) == "exited with 3");
}

TEST_CASE("a program that a signal ended says which") {
  const auto result = result_of(shell("kill -SEGV $$"));
  CHECK_FALSE(result.succeeded());
  CHECK(result.ending.signal == SIGSEGV);
  CHECK(result.outcome(30s) == "was ended by signal 11 (Segmentation fault)");
}

TEST_CASE("output and errors are taken together, in their order") {
  CHECK(result_of(shell("echo one; echo two >&2; echo three")).output == "one\ntwo\nthree\n");
}

TEST_CASE("of a flood of output the beginning and the end are kept, and the program is not held up") {
  const auto result = result_of(shell("seq 100000; echo the cause; exit 4"));
  CHECK(result.ending.exit_code == 4);
  CHECK(result.output.size() <= 65 * 1024);
  CHECK_THAT(result.output, Catch::StartsWith("1\n2\n3\n") && Catch::EndsWith("\n99999\n100000\nthe cause\n") &&
                                Catch::Contains(" octets left out) ...\n"));
  const auto octets = [](std::string_view text, std::string_view word) {
    return std::stoul(std::string(text.substr(text.find(word) + word.size())));
  };
  const auto mark = result.output.substr(result.output.find("\n... ("));
  const auto marked = mark.find(") ...\n") + 6;
  // seq writes 588,895 octets, the last line of ours 10 more.
  CHECK(octets(mark, "... (") + result.output.size() - marked == 588'905);
}

TEST_CASE("output of 64 KiB is kept as it is") {
  const auto result = result_of(shell("head -c 65536 /dev/zero | tr '\\0' x"));
  CHECK(result.output == std::string(64 * 1024, 'x'));
}

TEST_CASE("a program that never stops writing is ended at its limit") {
  const auto before = std::chrono::steady_clock::now();
  const auto result = result_of({{"yes"}, {}, "", 200ms});
  CHECK(result.timed_out);
  CHECK(result.output.size() > 60 * 1024);
  CHECK(result.output.size() <= 65 * 1024);
  CHECK(std::chrono::steady_clock::now() - before < 2s);
}

TEST_CASE("a program gets its input and then its end") {
  auto command = shell("cat; echo end");
  command.input = std::string(60'000, 'i');
  CHECK(result_of(command).output == std::string(60'000, 'i') + "end\n");
  command.input = "";
  CHECK(result_of(command).output == "end\n");
  auto count = shell("wc -c");
  count.input = std::string(5'000'000, 'i');
  CHECK(result_of(count).output == "5000000\n");
}

TEST_CASE("a program that does not read its input ends as it wants") {
  auto command = shell("exit 0");
  command.input = std::string(60'000, 'i');
  CHECK(result_of(command).succeeded());
}

TEST_CASE("too long an input is refused") {
  auto command = shell("cat");
  command.input = std::string(16 * 1024 * 1024 + 1, 'i');
  CHECK_THROWS_AS(result_of(command), Refused);
}

TEST_CASE("a program's environment is what it is given and a path, nothing of ours") {
  setenv("ACMED_TEST_SECRET", "s3cret", 1);
  Command command{{"/usr/bin/env"}, {Secret("ACMED_NAME=corp")}, "", 30s};
  CHECK(result_of(command).output ==
        "ACMED_NAME=corp\nPATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n");
  unsetenv("ACMED_TEST_SECRET");
}

TEST_CASE("a program hears the signals that we block and ignore") {
  sigset_t blocked;
  sigset_t before;
  sigfillset(&blocked);
  pthread_sigmask(SIG_SETMASK, &blocked, &before);
  const auto old = signal(SIGUSR1, SIG_IGN);
  const auto result = result_of(shell("kill -USR1 $$; exit 0"));
  signal(SIGUSR1, old);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  CHECK(result.ending.signal == SIGUSR1);
}

TEST_CASE("a program has none of our descriptors, also of those that a library left open to it, and runs in /") {
  const Fd leaked(open("/dev/null", O_RDONLY));
  // ls itself opens the fourth.
  CHECK(result_of(shell("ls /proc/self/fd | wc -l; pwd")).output == "4\n/\n");
}

TEST_CASE("a program leads a session of its own") {
  const auto said = result_of(shell("echo $$; cut -d ' ' -f 6 /proc/$$/stat")).output;  // its pid and its session
  const auto newline = said.find('\n');
  CHECK(said.substr(0, newline + 1) == said.substr(newline + 1));
}

TEST_CASE("who lost its parent and was given to us is reaped, our own programs are left to whoever waits for them") {
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  const auto stranger = std::stoi(result_of(shell("sleep 1000 >/dev/null & echo $!")).output);
  kill(stranger, SIGKILL);
  REQUIRE(ends(stranger));
  const auto waits_for_us = [stranger] {
    std::ifstream stat("/proc/" + std::to_string(stranger) + "/stat");
    std::string line;
    std::getline(stat, line);
    return line.find(" Z " + std::to_string(getpid()) + " ") != std::string::npos;
  };
  CHECK(waits_for_us());
  const auto null = Fd(open("/dev/null", O_RDWR));
  auto own = Child::start({"sh", "-c", "exit 3"}, {}, {null.get(), null.get(), null.get()});
  pollfd ended{own.pidfd(), POLLIN, 0};
  REQUIRE(poll(&ended, 1, 10'000) == 1);
  reap_strangers();
  CHECK(own.reap().exit_code == 3);
  reap_strangers();
  CHECK_FALSE(waits_for_us());
  prctl(PR_SET_CHILD_SUBREAPER, 0);
}

TEST_CASE("a program that does not exist is refused, with its name") {
  try {
    result_of({{"/no/such/program"}, {}, "", 30s});
    FAIL("it was started");
  } catch (const Refused& error) {
    CHECK(error.cause() == "process:start");
    CHECK_THAT(error.what(), Catch::Contains("/no/such/program"));
  }
}

TEST_CASE("a script that no interpreter can run is refused with what its first line lacks") {
  const TemporaryFolder folder;
  const auto refusal = [&](const std::string& content) {
    const auto script = folder.path() / "hook";
    std::ofstream(script) << content;
    chmod(script.c_str(), 0755);
    try {
      result_of({{script.string()}, {}, "", 30s});
    } catch (const Refused& error) {
      CHECK(error.cause() == "process:start");
      return std::string(error.what());
    }
    return std::string("it was started");
  };
  CHECK_THAT(refusal("#!/bin/sh\r\nexit 0\r\n"), Catch::Contains("end as on Windows"));
  CHECK_THAT(refusal("exit 0\n"), Catch::Contains("its first line has to be #!/bin/sh"));
  CHECK_THAT(refusal("#!/usr/bin/python2.4\n"), Catch::Contains("is run by /usr/bin/python2.4, which is not there"));
}

TEST_CASE("a plain name is looked up where the program itself would look, not in our own path") {
  const std::string old = getenv("PATH");
  const auto folder = std::filesystem::temp_directory_path() / ("acmed-path-test-" + std::to_string(getpid()));
  std::filesystem::create_directory(folder);
  std::filesystem::create_symlink("/bin/true", folder / "acmed-only-here");
  setenv("PATH", folder.c_str(), 1);
  CHECK(result_of(shell("exit 3")).ending.exit_code == 3);
  CHECK_THROWS_AS(result_of({{"acmed-only-here"}, {}, "", 30s}), Refused);
  setenv("PATH", old.c_str(), 1);
  std::filesystem::remove_all(folder);
}

TEST_CASE("a limit ends the whole group, also a grandchild that ignores SIGTERM") {
  const auto result = result_of({{"sh", "-c", with_stubborn_child, "sh", "/dev/null"}, {}, "", 200ms});
  CHECK(result.timed_out);
  CHECK_FALSE(result.succeeded());
  CHECK(result.outcome(60s) == "did not end within 60 s and was stopped");
  REQUIRE_FALSE(result.output.empty());
  CHECK(ends(std::stoi(result.output)));
}

TEST_CASE("a program that ignores SIGTERM is ended two seconds later") {
  const auto before = std::chrono::steady_clock::now();
  const auto result = result_of({{"sh", "-c", "trap '' TERM; while :; do sleep 1000; done"}, {}, "", 100ms});
  CHECK(result.timed_out);
  CHECK(result.ending.signal == SIGKILL);
  CHECK(std::chrono::steady_clock::now() - before >= 2s);
}

TEST_CASE("a program that leaves a child with its output behind does not hold us up") {
  const auto result = result_of(shell("sleep 1000 & echo $!"));
  CHECK(result.succeeded());
  kill(std::stoi(result.output), SIGKILL);
}

SCENARIO("calling off ends the whole group before the caller hears of it") {
  Loop loop;
  std::stop_source stop;
  const auto path = std::filesystem::temp_directory_path() / ("acmed-process-test-" + std::to_string(getpid()));
  REQUIRE(mkfifo(path.c_str(), 0600) == 0);
  const Fd fifo(open(path.c_str(), O_RDWR | O_CLOEXEC));
  std::vector<Task<>> tasks;
  tasks.push_back(run_and_drop({{"sh", "-c", with_stubborn_child, "sh", path.string()}, {}, "", 1h}));
  tasks.push_back(stop_when_started(fifo.get(), &stop));
  CHECK_THROWS_AS(run(loop, when_all(std::move(tasks)), stop.get_token()), Cancelled);
  std::array<char, 64> pid{};
  REQUIRE(read(fifo.get(), pid.data(), pid.size() - 1) > 0);
  std::filesystem::remove(path);
  CHECK(ends(std::stoi(pid.data())));
}
