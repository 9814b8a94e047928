// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "base/runtime/event.h"
#include "base/runtime/scope.h"
#include "daemon/acmectl/operation.h"
#include "daemon/acmectl/render.h"
#include "daemon/acmectl/verbs.h"

namespace acmed::acmectl {
namespace {

using namespace std::chrono_literals;

/// Where no event comes, it is asked all the same.
constexpr Duration longest_pause = 1s;
constexpr Duration silence = 500ms;

Task<> turn_of(Waiters* news) {
  co_await news->turn();
}

Task<> until_quiet(Waiters* news) {
  for (bool is_talking = true; is_talking;) is_talking = co_await within(silence, turn_of(news));
}

/// Each event is a reason to ask again. Without events the pauses are enough.
Task<> wake_by_events(Session* session, Waiters* news) {
  try {
    co_await session->api.events({}, [news](const ServerEvent&) { news->wake_all(); });
  } catch (const Error&) {
    // A stream that cannot be had, or has ended.
  }
  Event never;
  co_await never.wait();
}

/// Shows the steps of an operation as they end.
class Progress {
 public:
  explicit Progress(const Session& session) : session_(session) {}

  void show(const json::Value& operation) {
    const auto& steps = operation["steps"].elements();
    const bool is_over = operation["state"].text_or() != "running";
    for (; shown_ < steps.size() && (is_over || shown_ + 1 < steps.size()); ++shown_) {
      clear();
      if (!session_.json) print(render_step(steps[shown_], session_.style));
    }
    if (!session_.terminal || session_.json || is_over || shown_ >= steps.size()) return;
    auto line = render_step(steps[shown_], session_.style);
    line = shortened(line.substr(0, line.find('\n')), session_.style.columns - 1);
    print("\r\x1b[K" + line);
    is_open_ = true;
  }
  void clear() {
    if (std::exchange(is_open_, false)) print("\r\x1b[K");
  }

 private:
  const Session& session_;
  std::size_t shown_ = 0;
  bool is_open_ = false;  ///< a line is to be written over
};

Task<> follow(Session* session, std::string path, Waiters* news, json::Value* operation) {
  Progress progress(*session);
  for (;;) {
    *operation = co_await session->api.get(path);
    progress.show(*operation);
    if ((*operation)["state"].text_or() != "running") co_return;
    co_await within(longest_pause, turn_of(news));
  }
}

std::string id_of(const json::Value& answer) {
  if (auto id = answer["id"].text_or(); !id.empty()) return id;
  throw Refused("control:answer", "acmed does not tell the operation that it began");
}

/// `done`: "renewed".
Task<int> finish(Session* session, std::string name, std::string done, json::Value answer, bool wait) {
  const auto status = co_await see_through(session, name, std::move(answer), wait);
  if (status != exit_well || !wait || session->json) co_return status;
  const auto certificate = co_await session->api.get("/v1/certificates/" + in_path(name));
  print(fmt::format("{} is {}: {} days left\n", clean(name), done, certificate["live"]["days_left"].integer_or(0)));
  co_return status;
}

/// What is served after a revocation.
std::string served_text(const std::string& name, const json::Value& live) {
  if (live.as_object() == nullptr) return fmt::format("{}: nothing is in service\n", name);
  const auto generation = live["generation"].integer_or(0);
  if (live["revoked"].is_null()) return fmt::format("{}: generation {} is in service\n", name, generation);
  return fmt::format("{}: generation {}, which is revoked, is in service until another one is: that is ordered\n", name,
                     generation);
}

}  // namespace

Task<int> see_through(Session* session, std::string subject, json::Value answer, bool wait) {
  const auto id = id_of(answer);
  if (!wait) {
    print(session->json ? json::dump_readable(answer) : id + "\n");
    co_return exit_well;
  }
  Waiters news;
  json::Value operation;
  co_await accompanied(follow(session, "/v1/operations/" + in_path(id), &news, &operation),
                       wake_by_events(session, &news));
  if (session->json) print(json::dump_readable(operation));
  if (operation["state"].text_or() == "succeeded") co_return exit_well;
  const auto& failures = operation["failures"].elements();
  for (const auto& failure : failures) {
    const auto what = clean(failure["what"].text_or());
    tell(fmt::format("{}{}{}: {}", clean(subject), what.empty() ? "" : ", ", what,
                     clean(failure["sentence"].text_or())));
  }
  if (failures.empty()) tell(fmt::format("{}: it failed", clean(subject)));
  co_return exit_failing;
}

Task<int> renew(Session* session, std::vector<std::string> names, bool force, bool wait) {
  int result = exit_well;
  if (names.size() > 1) {  // none is ordered where another one is misspelt
    for (const auto& name : names) co_await session->api.get("/v1/certificates/" + in_path(name));
  }
  for (const auto& name : names) {
    if (names.size() > 1 && wait && !session->json) print(name + "\n");
    auto answer = co_await session->api.post(fmt::format("/v1/certificates/{}/renew", in_path(name)),
                                             json::Object{{"force", force}});
    const auto one = co_await finish(session, name, "renewed", std::move(answer), wait);
    result = std::max(result, one);
  }
  co_return result;
}

Task<int> deploy(Session* session, std::string name, std::string target, bool wait) {
  json::Object body;
  if (!target.empty()) body.emplace("target", target);
  auto answer = co_await session->api.post(fmt::format("/v1/certificates/{}/deploy", in_path(name)), std::move(body));
  co_return co_await finish(session, name, "deployed", std::move(answer), wait);
}

Task<int> revoke(Session* session, std::string name, unsigned generation, std::string reason, bool replace, bool wait) {
  json::Object body{{"reason", reason}, {"replace", replace}};
  if (generation > 0) body.emplace("generation", static_cast<std::int64_t>(generation));
  auto answer = co_await session->api.post(fmt::format("/v1/certificates/{}/revoke", in_path(name)), std::move(body));
  const auto status = co_await see_through(session, name, std::move(answer), wait);
  if (!wait || session->json) co_return status;
  const auto certificate = co_await session->api.get("/v1/certificates/" + in_path(name));
  print(wrapped(served_text(clean(name), certificate["live"]), session->style.columns, 2));
  co_return status;
}

Task<int> reload(Session* session) {
  std::string sentence;
  try {
    const auto answer = co_await session->api.post("/v1/reload", json::Object());
    if (session->json) print(json::dump_readable(answer));
    co_return exit_well;
  } catch (const Refusal& refusal) {
    const auto& faults = refusal.problem()["faults"].elements();
    for (const auto& fault : faults) {
      tell(clean(fmt::format("{}:{}:{}: {}", fault["file"].text_or(), fault["line"].integer_or(0),
                             fault["column"].integer_or(0), fault["sentence"].text_or())));
    }
    sentence = refusal.what();
  }
  tell(sentence);
  co_return exit_failing;
}

Task<int> events(Session* session, bool follow) {
  Waiters news;
  const auto show = [session, &news](const ServerEvent& event) {
    news.wake_all();
    auto value = json::parse(event.data);
    if (!value || value->as_object() == nullptr) return;
    if (session->json) {
      print(json::dump(*value) + "\n");
      return;
    }
    auto object = *value->as_object();
    if (!event.type.empty()) object.emplace("event", event.type);
    print(render_event(json::Value(std::move(object)), session->style));
  };
  auto stream = session->api.events("0", show);
  if (follow) {
    co_await std::move(stream);
    co_return exit_well;
  }
  // Those that are kept come at once; then there is silence.
  co_await accompanied(until_quiet(&news), std::move(stream));
  co_return exit_well;
}

}  // namespace acmed::acmectl
