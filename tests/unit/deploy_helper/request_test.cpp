// SPDX-License-Identifier: Apache-2.0
#include "daemon/deploy_helper/request.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdlib>

#include "base/error.h"
#include "base/runtime/scope.h"
#include "daemon/deploy_helper/connection.h"
#include "daemon/deploy_helper/contents.h"
#include "tests/unit/catch.h"

namespace acmed::deploy_helper {
namespace {

using Catch::Contains;

std::string refusal_of(std::string_view line) {
  try {
    parse_request(line);
  } catch (const Refused& error) {
    CHECK(error.cause() == "helper:request");
    return error.what();
  }
  return "";
}

struct Pair {
  Fd one;
  Fd other;
  Pair() {
    std::array<int, 2> ends{};
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()) == 0);
    one = Fd(ends[0]);
    other = Fd(ends[1]);
  }
};

std::vector<store::GenerationFiles> some_contents() {
  return {{Secret("key"), "cert", "chain", "fullchain"}};
}

std::string refusal_of_contents(const Fd& fd) {
  try {
    read_sealed(fd);
  } catch (const Refused& error) {
    CHECK(error.cause() == "helper:contents");
    return error.what();
  }
  return "";
}

}  // namespace

SCENARIO("a request is names and numbers, and is read as it was written") {
  Request request;
  request.subjects = {{"corp", "web", 7}};
  CHECK(to_line(request) ==
        R"({"operation":"install","subjects":[{"certificate":"corp","generation":7,"target":"web"}]})");
  for (const auto operation : {Operation::install, Operation::keep, Operation::put_back, Operation::test,
                               Operation::hook, Operation::rollback_hook}) {
    request.operation = operation;
    CHECK(parse_request(to_line(request)) == request);
  }
  request.operation = Operation::reason_to_stay;
  request.worth_until = 1795734352;
  CHECK(parse_request(to_line(request)) == request);
  request = {Operation::apply, {{"corp", "web", 7}}, "nginx.service", 0};
  CHECK(parse_request(to_line(request)) == request);
  request = {Operation::hook, {{"corp", "web", 7}, {"other", "web", 1}}, {}, 0};
  CHECK(parse_request(to_line(request)) == request);
}

SCENARIO("anything else than a request is refused") {
  const std::string good = R"({"certificate":"corp","generation":7,"target":"web"})";
  const auto with = [](const std::string& members) { return "{" + members + "}"; };
  REQUIRE(refusal_of(with(R"("operation":"install","subjects":[)" + good + "]")).empty());
  for (const auto& line : std::vector<std::string>{
           "",
           "install",
           "[]",
           "{}",
           "null",
           "{\"operation\":\"install\"",
           "\xff",
           with(R"("operation":"install")"),
           with(R"("operation":"install","subjects":[])"),
           with(R"("operation":"install","subjects":{})"),
           with(R"("operation":"install","subjects":["corp"])"),
           with(R"("operation":"run","subjects":[)" + good + "]"),
           with(R"("operation":7,"subjects":[)" + good + "]"),
           with(R"("operation":"install","directory":"/etc","subjects":[)" + good + "]"),
           with(R"("operation":"install","unit":"nginx.service","subjects":[)" + good + "]"),
           with(R"("operation":"apply","subjects":[)" + good + "]"),
           with(R"("operation":"apply","unit":"","subjects":[)" + good + "]"),
           with(R"("operation":"reason_to_stay","worth_until":"now","subjects":[)" + good + "]"),
           with(R"("operation":"install","subjects":[)" + good + "," + good + "]"),
           with(R"("operation":"install","subjects":[{"certificate":"corp","target":"web"}])"),
           with(R"("operation":"install","subjects":[{"certificate":"corp","target":"web","generation":0}])"),
           with(R"("operation":"install","subjects":[{"certificate":"corp","target":"web","generation":-1}])"),
           with(R"("operation":"install","subjects":[{"certificate":"corp","target":"web","generation":"7"}])"),
           with(R"("operation":"install","subjects":[{"certificate":"corp","target":"web","generation":7.5}])"),
           with(R"("operation":"install","subjects":[{"certificate":"","target":"web","generation":7}])"),
           with(R"("operation":"install","subjects":[{"certificate":["corp"],"target":"web","generation":7}])"),
           with(
               R"("operation":"install","subjects":[{"certificate":"corp","target":"web","generation":7,"mode":511}])"),
           with(R"("operation":"install","subjects":[{"certificate":")" + std::string(256, 'x') +
                R"(","target":"web","generation":7}])")}) {
    INFO(line);
    CHECK_THAT(refusal_of(line), Contains("no request that can be carried out"));
  }
  std::string many = good;
  for (std::size_t i = 0; i < most_subjects; ++i) many += "," + good;
  CHECK_THAT(refusal_of(with(R"("operation":"hook","subjects":[)" + many + "]")), Contains("1 to 1000 subjects"));
  CHECK_THAT(refusal_of(std::string(longest_request + 1, ' ')), Contains("longer than"));
}

SCENARIO("an answer is read as it was written") {
  CHECK_FALSE(parse_answer(progress_line()));
  const auto done = parse_answer(to_line(Answer{std::nullopt, "the new files stay"}));
  REQUIRE(done);
  CHECK_FALSE(done->failure);
  CHECK(done->text == "the new files stay");
  const auto refused = parse_answer(to_line(Answer{Refused("deploy:way", "no"), {}}));
  REQUIRE(refused->failure);
  CHECK(refused->failure->advice() == Error::Advice::refused);
  CHECK(refused->failure->cause() == "deploy:way");
  CHECK(refused->failure->what() == std::string("no"));
  const auto failed = parse_answer(to_line(Answer{Retry("deploy:test", "later"), {}}));
  CHECK(failed->failure->advice() == Error::Advice::retry);
  for (const auto* line : {"", "{}", "[]", R"({"result":"maybe"})", "done"}) {
    CHECK_THROWS_AS(parse_answer(line), Retry);
  }
}

SCENARIO("contents come in memory that nobody can change any more") {
  const auto sealed = seal(some_contents());
  const auto read = read_sealed(sealed);
  REQUIRE(read.size() == 1);
  CHECK(read[0].private_key.reveal() == "key");
  CHECK(read[0].full_chain == "fullchain");
  CHECK(::ftruncate(sealed.get(), 0) != 0);
  CHECK(::pwrite(sealed.get(), "x", 1, 0) != 1);

  CHECK_THAT(refusal_of_contents(Fd()), Contains("there are none"));
  Fd open(::memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  REQUIRE(::write(open.get(), "[]", 2) == 2);
  CHECK_THAT(refusal_of_contents(open), Contains("not in sealed memory"));
  REQUIRE(::fcntl(open.get(), F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK) == 0);
  CHECK_THAT(refusal_of_contents(open), Contains("not in sealed memory"));
  std::array<int, 2> pipe{};
  REQUIRE(::pipe(pipe.data()) == 0);
  const Fd reading(pipe[0]);
  const Fd writing(pipe[1]);
  CHECK_THAT(refusal_of_contents(reading), Contains("not in sealed memory"));
}

SCENARIO("a line comes with its descriptor, however it was cut on the way") {
  const Pair pair;
  Loop loop;
  const auto sealed = seal(some_contents());
  Lines lines(pair.other.get(), 1000);
  run(loop, send_line(pair.one.get(), "hello", sealed.get()));
  const auto first = run(loop, lines.next());
  CHECK(first.line == "hello");
  CHECK(read_sealed(first.descriptor).size() == 1);
  REQUIRE(::write(pair.one.get(), "a", 1) == 1);
  REQUIRE(::write(pair.one.get(), "b\nc", 3) == 3);
  CHECK(run(loop, lines.next()).line == "ab");

  WHEN("the other side goes") {
    ::shutdown(pair.one.get(), SHUT_WR);
    run(loop, lines.next());
    CHECK(lines.is_closed());
  }
  WHEN("a line does not end") {
    const std::string endless(1001, 'x');
    REQUIRE(::write(pair.one.get(), endless.data(), endless.size()) == 1001);
    CHECK_THROWS_AS(run(loop, lines.next()), Refused);
  }
  WHEN("two descriptors come with one line") {
    run(loop, send_line(pair.one.get(), "x", sealed.get()));
    run(loop, send_line(pair.one.get(), "y", sealed.get()));
    // The two lines are read together where the socket lets them.
    try {
      run(loop, lines.next());
      CHECK(run(loop, lines.next()).line == "y");
    } catch (const Refused& error) {
      CHECK_THAT(error.what(), Contains("several descriptors"));
    }
  }
}

SCENARIO("whatever comes in place of a request, a request it is or it is refused") {
  std::srand(20261126);
  const std::string good =
      R"({"operation":"apply","unit":"nginx.service","subjects":[{"certificate":"corp","generation":7,"target":"web"}]})";
  int refused = 0;
  for (int round = 0; round < 1000; ++round) {
    auto line = good;
    for (int change = 0; change <= round % 4; ++change) {
      line[static_cast<std::size_t>(std::rand()) % line.size()] = static_cast<char>(std::rand());
    }
    try {
      const auto request = parse_request(line);
      CHECK(parse_request(to_line(request)) == request);
    } catch (const Refused&) {
      ++refused;
    }
  }
  CHECK(refused > 500);
}

}  // namespace acmed::deploy_helper
