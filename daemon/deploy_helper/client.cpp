// SPDX-License-Identifier: Apache-2.0
#include "daemon/deploy_helper/client.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/fd.h"
#include "base/runtime/offload.h"
#include "base/runtime/scope.h"
#include "base/runtime/sleep.h"
#include "daemon/deploy_helper/connection.h"
#include "daemon/deploy_helper/contents.h"

namespace acmed::deploy_helper {
namespace {

using namespace std::chrono_literals;
using deploy::Subject;
using deploy::Subjects;

/// More than the helper's own limits: it is the helper that ends what hangs.
constexpr Duration longest_work = 1min;
constexpr const char* connection_cause = "helper:connection";
constexpr int most_tries = 20;
constexpr Duration first_pause = 50ms;
constexpr Duration longest_pause = 1s;

[[noreturn]] void fail(const std::filesystem::path& socket) {
  throw Retry(connection_cause, system_error_sentence("ask acmed-deploy to deploy, at " + socket.string(), errno) +
                                    "; see: systemctl status acmed-deploy.socket");
}

Fd connect_to(const std::filesystem::path& socket) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (socket.native().size() >= sizeof address.sun_path) {
    errno = ENAMETOOLONG;
    fail(socket);
  }
  std::ranges::copy(socket.native(), address.sun_path);
  Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) fail(socket);
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) fail(socket);
  return fd;
}

Request request_for(Operation operation, const Subjects& subjects) {
  Request request;
  request.operation = operation;
  for (const auto& subject : subjects) {
    request.subjects.push_back({subject->generation.certificate, subject->target.name, subject->generation.number});
  }
  return request;
}

/// Copies that the helper has brought to a target's directory.
class HelpedPlace final : public deploy::Place {
 public:
  HelpedPlace(Client& client, std::shared_ptr<const Subject> subject) : client_(client), subject_(std::move(subject)) {}

  Task<std::optional<Error>> install() override { return failure_of(Operation::install); }
  Task<std::optional<Error>> keep() override { return failure_of(Operation::keep); }
  Task<std::optional<Error>> put_back() override { return failure_of(Operation::put_back); }

  Task<std::string> reason_to_stay(Time worth_until) override {
    auto request = request_for(Operation::reason_to_stay, {subject_});
    request.worth_until = std::chrono::duration_cast<std::chrono::seconds>(worth_until.time_since_epoch()).count();
    try {
      const auto answer = co_await client_.ask(std::move(request), {subject_});
      co_return answer.text;
    } catch (const Error&) {
      co_return "";  // put_back() will report what is wrong
    }
  }

  std::string former_pair() const override { return "the former files"; }

 private:
  Task<std::optional<Error>> failure_of(Operation operation) {
    // Once begun, it is known how it ends, even when the daemon is to stop: see Place.
    const auto here = co_await context();
    if (here.stop.stop_requested()) throw Cancelled();
    std::optional<Error> failure;
    try {
      co_await client_.ask(request_for(operation, {subject_}), {subject_}).under(std::stop_token());
    } catch (const Error& error) {
      failure = error;
    }
    co_return failure;
  }

  Client& client_;
  std::shared_ptr<const Subject> subject_;
};

}  // namespace

std::unique_ptr<deploy::Place> Client::place(std::shared_ptr<const Subject> subject) {
  return std::make_unique<HelpedPlace>(*this, std::move(subject));
}

Task<> Client::test(Subjects subjects) {
  auto request = request_for(Operation::test, subjects);
  co_await ask(std::move(request), std::move(subjects));
}

Task<> Client::apply(std::shared_ptr<const Subject> subject, std::string unit) {
  auto request = request_for(Operation::apply, {subject});
  request.unit = std::move(unit);
  co_await ask(std::move(request), {subject});
}

Task<> Client::hook(Subjects subjects, deploy::Event event) {
  auto request = request_for(event == deploy::Event::rollback ? Operation::rollback_hook : Operation::hook, subjects);
  co_await ask(std::move(request), std::move(subjects));
}

Task<Answer> Client::ask(Request request, Subjects subjects) {
  std::vector<store::GenerationFiles> contents;
  const bool runs_something = request.operation == Operation::apply || takes_many(request.operation);
  Duration limit = longest_work;
  for (const auto& subject : subjects) {
    if (runs_something) limit = std::max(limit, subject->target.timeout + longest_work);
    if (!needs_contents(request.operation)) continue;
    contents.push_back(subject->generation.files);
    // Programs are told of a certificate, not of its key.
    if (request.operation != Operation::install) contents.back().private_key = {};
  }
  auto answer = co_await within(limit, exchange(to_line(request), std::move(contents)));
  if (!answer) throw Retry("helper:timeout", "acmed-deploy has not answered; see: journalctl -u 'acmed-deploy@*'");
  if (answer->failure) {
    if (answer->failure->advice() == Error::Advice::refused) {
      throw Refused(answer->failure->cause(), answer->failure->what());
    }
    throw Retry(answer->failure->cause(), answer->failure->what());
  }
  co_return *std::move(answer);
}

Task<Answer> Client::exchange(std::string line, std::vector<store::GenerationFiles> contents) {
  Fd sealed;
  if (!contents.empty()) {
    sealed = co_await offload([contents = std::move(contents)] { return seal(contents); });
  }
  auto pause = first_pause;
  for (int tries = 1;; ++tries) {
    bool is_begun = false;
    try {
      const auto connection = connect_to(socket_);
      co_await send_line(connection.get(), line, sealed.get());
      Lines lines(connection.get(), longest_answer);
      for (;;) {
        const auto received = co_await lines.next();
        if (lines.is_closed()) {
          throw Retry(connection_cause,
                      "acmed-deploy has ended without an answer; see: journalctl -u 'acmed-deploy@*'");
        }
        if (auto answer = parse_answer(received.line)) co_return *std::move(answer);
        is_begun = true;
      }
    } catch (const Retry& error) {
      // The service manager turns connections away when there are many: such a request was not read.
      if (is_begun || tries == most_tries || error.cause() != connection_cause) throw;
    }
    co_await sleep_for(pause);
    pause = std::min(pause * 2, longest_pause);
  }
}

std::unique_ptr<deploy::Actions> choose_actions(const std::filesystem::path& socket,
                                                std::unique_ptr<deploy::Actions> own) {
  struct stat status {};
  const bool is_there = ::stat(socket.c_str(), &status) == 0 && S_ISSOCK(status.st_mode);
  if (::geteuid() == 0 || !is_there) return own;
  return std::make_unique<Client>(socket, std::move(own));
}

}  // namespace acmed::deploy_helper
