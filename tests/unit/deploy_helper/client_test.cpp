// SPDX-License-Identifier: Apache-2.0
#include "daemon/deploy_helper/client.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <functional>
#include <thread>

#include "base/error.h"
#include "base/runtime/scope.h"
#include "daemon/deploy_helper/connection.h"
#include "daemon/deploy_helper/contents.h"
#include "tests/unit/catch.h"
#include "tests/unit/temporary_folder.h"

namespace acmed::deploy_helper {
namespace {

using Catch::Contains;

/// What the fake helper does with a connection: nothing but to close it, or to answer by these lines.
using Script = std::vector<std::vector<std::string>>;

/// A helper that answers one connection after the other as it was told, and notes the requests.
class FakeHelper {
 public:
  /// `on_request`: called on another thread when a request has come.
  explicit FakeHelper(Script script, std::function<void()> on_request = {})
      : script_(std::move(script)), on_request_(std::move(on_request)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::ranges::copy(path().native(), address.sun_path);
    listening_ = Fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    REQUIRE(::bind(listening_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    REQUIRE(::listen(listening_.get(), 10) == 0);
    thread_ = std::thread([this] { serve(); });
  }
  FakeHelper(const FakeHelper&) = delete;
  FakeHelper& operator=(const FakeHelper&) = delete;
  ~FakeHelper() { join(); }

  std::filesystem::path path() const { return folder_.path() / "socket"; }
  void join() {
    if (thread_.joinable()) thread_.join();
  }

  std::vector<std::string> requests;
  std::vector<std::string> keys;  ///< of the contents that came along

 private:
  void serve() {
    Loop loop;
    for (const auto& answers : script_) {
      const Fd connection(::accept(listening_.get(), nullptr, nullptr));
      if (answers.empty()) continue;
      Lines lines(connection.get(), longest_request);
      const auto received = run(loop, lines.next());
      requests.push_back(received.line);
      if (on_request_) on_request_();
      if (received.descriptor) keys.push_back(read_sealed(received.descriptor).front().private_key.reveal());
      for (const auto& answer : answers) run(loop, send_line(connection.get(), answer, -1));
    }
  }

  Script script_;
  std::function<void()> on_request_;
  TemporaryFolder folder_;
  Fd listening_;
  std::thread thread_;
};

std::shared_ptr<const deploy::Subject> subject() {
  auto subject = std::make_shared<deploy::Subject>();
  subject->target.name = "web";
  subject->target.directory = "/etc/web/tls";
  subject->generation.certificate = "corp";
  subject->generation.number = 7;
  subject->generation.files = {Secret("the key"), "cert", "chain", "fullchain"};
  return subject;
}

Task<std::optional<Error>> outcome_of(deploy::Place* place) {
  auto outcome = co_await place->install();
  co_return outcome;
}

const std::string done = to_line(Answer{});

}  // namespace

SCENARIO("the daemon has its deployments done by the helper") {
  Loop loop;
  GIVEN("a helper that does what it is asked for") {
    FakeHelper helper({{progress_line(), done}, {done}, {to_line(Answer{std::nullopt, "they stay"})}});
    Client client(helper.path(), nullptr);
    const auto place = client.place(subject());
    CHECK_FALSE(run(loop, place->install()));
    run(loop, client.hook({subject()}, deploy::Event::rollback));
    CHECK(run(loop, place->reason_to_stay(Time(std::chrono::seconds(60)))) == "they stay");
    helper.join();
    const std::string subjects = R"("subjects":[{"certificate":"corp","generation":7,"target":"web"}])";
    CHECK(helper.requests ==
          std::vector<std::string>{R"({"operation":"install",)" + subjects + "}",
                                   R"({"operation":"rollback_hook",)" + subjects + "}",
                                   R"({"operation":"reason_to_stay",)" + subjects + R"(,"worth_until":60})"});
    CHECK(helper.keys == std::vector<std::string>{"the key", ""});
  }
  GIVEN("one that refuses") {
    FakeHelper helper({{to_line(Answer{Refused("deploy:way", "it is a link"), {}})}});
    Client client(helper.path(), nullptr);
    const auto failure = run(loop, client.place(subject())->install());
    REQUIRE(failure);
    CHECK(failure->advice() == Error::Advice::refused);
    CHECK(failure->cause() == "deploy:way");
  }
  GIVEN("a service manager that turns two connections away") {
    FakeHelper helper({{}, {}, {progress_line(), done}});
    Client client(helper.path(), nullptr);
    CHECK_FALSE(run(loop, client.place(subject())->keep()));
    helper.join();
    CHECK(helper.requests.size() == 1);
  }
  GIVEN("one that ends in the middle of its work") {
    FakeHelper helper({{progress_line()}});
    Client client(helper.path(), nullptr);
    CHECK_THROWS_WITH(run(loop, client.test({subject()})), Contains("has ended without an answer"));
    helper.join();
    CHECK(helper.requests.size() == 1);
  }
}

SCENARIO("a daemon that is to stop knows what became of the files that it has asked for") {
  Loop loop;
  std::stop_source stop;
  GIVEN("a request that is on its way") {
    FakeHelper helper({{progress_line(), done}}, [&stop] { stop.request_stop(); });
    Client client(helper.path(), nullptr);
    const auto place = client.place(subject());
    CHECK_FALSE(run(loop, outcome_of(place.get()), stop.get_token()));
  }
  GIVEN("one that has not begun") {
    stop.request_stop();
    Client client("/nowhere/socket", nullptr);
    const auto place = client.place(subject());
    CHECK_THROWS_AS(run(loop, outcome_of(place.get()), stop.get_token()), Cancelled);
  }
}

SCENARIO("without a helper, or as root, the daemon deploys by itself") {
  CHECK(choose_actions("/nowhere/socket", nullptr) == nullptr);
}

}  // namespace acmed::deploy_helper
