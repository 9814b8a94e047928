// SPDX-License-Identifier: Apache-2.0
#include "providers/exec/plugin.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/log.h"
#include "base/runtime/sleep.h"
#include "providers/kit/external_program.h"

namespace acmed::providers::exec {
namespace {

using std::chrono::seconds;

constexpr std::int64_t protocol_version = 1;
constexpr std::size_t longest_line = std::size_t{1} << 20;
constexpr std::int64_t most_parallel = 64;
constexpr Duration shortest_pause = seconds(1);
constexpr Duration longest_pause = std::chrono::minutes(5);
constexpr unsigned most_doublings = 16;
constexpr Duration usual_throttle = seconds(60);
constexpr std::size_t longest_quote = 300;
constexpr std::size_t longest_logged_line = 500;
constexpr std::size_t most_logged_lines = 200;  // a minute
constexpr Duration minute = std::chrono::minutes(1);

}  // namespace

struct Plugin::Request {
  std::string task;
  bool over = false;
  json::Value answer;
  std::exception_ptr failure;
  Waiters told;
  Loop::Timer timer;
};

Plugin::Plugin(Loop& loop, const std::string& provider, const config::ExternalProgram& program,
               std::vector<std::string> zones)
    : loop_(loop),
      provider_(provider),
      opening_("the plug-in " + program.command.at(0)),
      of_program_(program),
      words_(words_of(program)),
      zones_(std::move(zones)),
      limit_(program.timeout) {}

Plugin::~Plugin() = default;

Task<json::Value> Plugin::ask(json::Object request, std::string task) {
  for (;;) {
    if (!is_ready()) {
      co_await starting_.join(launch());
    } else if (under_way_.size() >= parallel_) {
      co_await changed_.turn();
    } else {
      break;
    }
  }
  co_return co_await answer_to(send(std::move(request), std::move(task)));
}

std::shared_ptr<Plugin::Request> Plugin::send(json::Object request, std::string task) {
  const auto id = ++last_id_;
  request.insert_or_assign("id", id);
  auto sent = std::make_shared<Request>();
  sent->task = std::move(task);
  under_way_.emplace(id, sent);
  loop_.set_timer(sent->timer, loop_.clock().moment() + limit_, [this, id] { timed_out(id); });
  program_->write_line(json::dump(request));
  return sent;
}

Task<json::Value> Plugin::answer_to(std::shared_ptr<Request> request) {
  while (!request->over) co_await request->told.turn();
  if (request->failure) std::rethrow_exception(request->failure);
  co_return std::move(request->answer);
}

void Plugin::finish(Requests::iterator request) {
  const auto finished = request->second;
  under_way_.erase(request);
  finished->timer.cancel();
  finished->over = true;
  finished->told.wake_all();
  changed_.wake_all();
}

void Plugin::fail_all(const std::string& cause, const std::string& what) {
  while (!under_way_.empty()) {
    auto& request = *under_way_.begin()->second;
    request.failure =
        std::make_exception_ptr(Retry(cause, fmt::format("{} {} when asked to {}", opening_, what, request.task)));
    finish(under_way_.begin());
  }
  changed_.wake_all();
}

bool Plugin::is_ready() const noexcept {
  return program_ && program_->is_running() && ready_;
}

/// One at a time: a former program has ended before the next one starts.
Task<> Plugin::launch() {
  co_await close();
  co_await await_pause();
  ready_ = proved_ = given_up_ = false;
  last_error_line_.clear();
  auto environment = co_await environment_of(of_program_);
  words_ = words_of(of_program_);
  try {
    program_ = make_program(std::move(environment));
  } catch (const Error& error) {
    std::rethrow_exception(error.in_context(Party::host, {}));
  }
  const auto hello = send({{"method", "hello"},
                           {"version", protocol_version},
                           {"provider", provider_},
                           {"zones", json::Array(zones_.begin(), zones_.end())}},
                          "start");
  const auto answer = co_await answer_to(hello);
  check_hello(answer);
  ready_ = true;
}

Task<> Plugin::await_pause() {
  const auto now = loop_.clock().moment();
  if (pause_until_ <= now) co_return;
  const auto left = pause_until_ - now;
  if (left > limit_) {
    throw Retry("exec:ended",
                fmt::format("{} failed {} times in a row and is not started again for now: it {}", opening_, failures_,
                            last_failure_),
                loop_.clock().now() + left);
  }
  co_await sleep_for(left);
}

std::shared_ptr<LineProgram> Plugin::make_program(std::vector<Secret> environment) {
  LineProgram::Listener listener;
  listener.on_line = [this](std::string_view line) { heard(line); };
  listener.on_error_line = [this](std::string_view line) { heard_error(line); };
  listener.on_flood = [this] { give_up("exec:garbage", "wrote a line of more than 1 MiB"); };
  listener.on_end = [this](const std::string& outcome) { ended(outcome); };
  return std::make_shared<LineProgram>(loop_, of_program_.command, std::move(environment), longest_line,
                                       std::move(listener));
}

void Plugin::check_hello(const json::Value& answer) {
  const auto version = answer["version"].integer_or(0);
  if (!is_error(answer) && version == protocol_version) {
    parallel_ = static_cast<std::size_t>(std::clamp<std::int64_t>(answer["parallel"].integer_or(1), 1, most_parallel));
    return;
  }
  const auto sentence = fmt::format("{} speaks version {} of the protocol, this acmed speaks version {}", opening_,
                                    version, protocol_version);
  const auto failure = is_error(answer) ? error_in(answer, "start") : Refused("exec:version", sentence);
  end_failing("did not say hello as it should");
  throw failure;
}

/// A program that answers nothing is started again and again in vain, so each time later.
void Plugin::note_failure(const std::string& what) {
  last_failure_ = what;
  if (proved_) {
    failures_ = 0;
    pause_until_ = Moment::min();
  } else {
    const auto pause = shortest_pause * (1U << std::min(failures_, most_doublings));
    pause_until_ = loop_.clock().moment() + std::min(pause, longest_pause);
    ++failures_;
  }
}

void Plugin::end_failing(const std::string& what) {
  given_up_ = true;
  note_failure(what);
  program_->end();
}

/// Ends a program that cannot be spoken to any more.
void Plugin::give_up(const std::string& cause, const std::string& what) {
  if (under_way_.empty()) log::warning(fmt::format("provider {}: {} {} and is ended", provider_, opening_, what));
  end_failing(what);
  fail_all(cause, what);
}

void Plugin::timed_out(std::int64_t id) {
  const auto late = under_way_.find(id);
  if (late == under_way_.end()) return;
  const auto limit = to_text(limit_);
  late->second->failure = std::make_exception_ptr(Retry(
      "exec:timeout",
      fmt::format("{} did not answer within {} when asked to {}, and is ended", opening_, limit, late->second->task)));
  finish(late);
  end_failing(fmt::format("did not answer within {}", limit));
  fail_all("exec:ended", fmt::format("was ended, since it did not answer another request within {},", limit));
}

void Plugin::ended(const std::string& outcome) {
  tell_left_out();
  const auto said = last_error_line_.empty() ? "without a word" : "its last words: " + last_error_line_;
  if (!given_up_) {
    const auto what = fmt::format("{} ({})", outcome, said);
    note_failure(what);
    if (under_way_.empty()) log::warning(fmt::format("provider {}: {} {}", provider_, opening_, what));
    fail_all("exec:ended", what);
  }
  changed_.wake_all();
}

void Plugin::rest() {
  if (!program_ || !program_->is_running()) return;
  given_up_ = true;
  program_->end();
  fail_all("exec:ended", "was ended");
}

Task<> Plugin::close() {
  rest();
  const auto program = program_;
  if (program) co_await program->gone();
}

void Plugin::heard(std::string_view line) {
  auto answer = json::parse(line).value_or(json::Value());
  const auto* id = answer["id"].as_integer();
  if (id == nullptr || *id < 1 || *id > last_id_) {
    give_up("exec:garbage", fmt::format("wrote \"{}\" to its standard output, which is for answers to requests alone,",
                                        words_.line(line, longest_quote)));
    return;
  }
  const auto request = under_way_.find(*id);
  if (request == under_way_.end()) return;
  if (ready_) proved_ = true;
  request->second->answer = std::move(answer);
  finish(request);
}

void Plugin::heard_error(std::string_view line) {
  const auto shown = words_.line(line, longest_logged_line);
  if (shown.empty()) return;
  const auto now = loop_.clock().moment();
  if (now >= minute_ends_) {
    tell_left_out();
    minute_ends_ = now + minute;
    lines_this_minute_ = 0;
  }
  if (lines_this_minute_++ < most_logged_lines) {
    log::info(fmt::format("provider {}: {}", provider_, shown), {{"ACMED_PROVIDER", provider_}});
  }
  last_error_line_ = words_.line(line, longest_quote);
}

void Plugin::tell_left_out() {
  if (lines_this_minute_ <= most_logged_lines) return;
  log::info(fmt::format("provider {}: {} more lines", provider_, lines_this_minute_ - most_logged_lines),
            {{"ACMED_PROVIDER", provider_}});
  lines_this_minute_ = most_logged_lines;
}

bool Plugin::is_error(const json::Value& answer) {
  return !answer["error"].is_null();
}

bool Plugin::is_unsupported(const json::Value& answer) {
  return answer["error"]["kind"].text_or() == "unsupported";
}

Error Plugin::error_in(const json::Value& answer, const std::string& task) const {
  const auto& error = answer["error"];
  const auto kind = error["kind"].text_or();
  const auto message = words_.line(error["message"].text_or(), longest_quote);
  const auto sentence =
      fmt::format("{} did not {}: {}", opening_, task, message.empty() ? "it does not say why" : message);
  std::optional<Time> not_before;
  if (const auto* after = error["retry_after"].as_integer()) {
    const auto longest = std::chrono::duration_cast<seconds>(longest_pause).count();
    not_before = loop_.clock().now() + seconds(std::clamp<std::int64_t>(*after, 0, longest));
  }
  if (kind == "refused") return Refused("exec:refused", sentence);
  if (kind == "throttled") {
    return Throttled("exec:throttled", sentence, not_before.value_or(loop_.clock().now() + usual_throttle));
  }
  if (kind == "unsupported") {
    return Refused("exec:unsupported", fmt::format("{} cannot {}: it does not know the method", opening_, task));
  }
  return Retry("exec:retry", sentence, not_before);
}

Error Plugin::nonsense(const std::string& what, const std::string& task) const {
  return Retry("exec:garbage", fmt::format("{} {} when asked to {}", opening_, what, task));
}

}  // namespace acmed::providers::exec
