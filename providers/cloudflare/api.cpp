// SPDX-License-Identifier: Apache-2.0
#include "providers/cloudflare/api.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/runtime/sleep.h"
#include "providers/provider.h"

namespace acmed::providers::cloudflare {
namespace {

using std::chrono::seconds;

constexpr Duration exchange_limit = seconds(30);
constexpr int internal_error = 500;
constexpr Duration longest_wait = seconds(10);  // for the budget's renewal, in place
// After too many requests Cloudflare refuses all for the next five minutes.
constexpr Duration default_throttle = std::chrono::minutes(5);

/// A request that counts in the budget while it is under way, however that ends.
class UnderWay {
 public:
  UnderWay(RequestBudget& budget, const Clock& clock) : budget_(budget), clock_(clock) {}
  UnderWay(const UnderWay&) = delete;
  UnderWay& operator=(const UnderWay&) = delete;
  ~UnderWay() {
    if (!answered_) budget_.given_up();
  }
  void answered(const http::Response& response) {
    answered_ = true;
    const auto header = response.header("ratelimit");
    budget_.answered(header ? std::optional<std::string_view>(*header) : std::nullopt, clock_.moment());
  }

 private:
  RequestBudget& budget_;
  const Clock& clock_;
  bool answered_ = false;
};

}  // namespace

Api::Api(const std::string& url, const SecretSource& token, http::Client& http, const Clock& clock)
    : api_({.who = "Cloudflare",
            .url = url,
            .bearer = token,
            .limit = exchange_limit,
            .passing = {internal_error},
            .usual_pause = default_throttle},
           http, clock),
      clock_(clock) {}

Task<Answer> Api::list(std::string path, std::int64_t most_pages) {
  json::Array all;
  for (std::int64_t page = 1;; ++page) {
    auto answer = co_await get(fmt::format("{}&page={}", path, page));
    if (!answer.success) co_return answer;
    const auto& elements = answer.result.elements();
    all.insert(all.end(), elements.begin(), elements.end());
    if (page >= answer.pages || answer.pages > most_pages || elements.empty()) {
      answer.result = std::move(all);
      co_return answer;
    }
  }
}

Task<Answer> Api::send(std::string method, std::string path, std::optional<json::Value> body) {
  co_await await_turn();
  const auto response = co_await exchange(std::move(method), std::move(path), std::move(body));
  if (response.status == 429) throw_throttled(response);
  auto answer = read_answer(response, api_.words());
  if (!answer) api_.throw_for_no_answer(response, "cloudflare:answer", "what Cloudflare's API says");
  if (response.status >= 500) {
    api_.throw_failure(response,
                       fmt::format("Cloudflare is in trouble (status {}, {})", response.status, answer->words()));
  }
  co_return *std::move(answer);
}

/// Completes when a request may go out, and counts it at once, so that no other takes its place. A renewal of the
/// budget that is near is waited for here; one that is far is the scheduler's.
Task<> Api::await_turn() {
  for (;;) {
    const auto now = clock_.moment();
    const auto until = budget_.closed_until(now);
    if (!until) break;
    if (*until - now > longest_wait) {
      const Time not_before = clock_.now() + (*until - now);
      throw Throttled("cloudflare:budget",
                      fmt::format("Cloudflare takes no more requests of this user for now: the next one is "
                                  "welcome at {}. 1,200 within 5 minutes are allowed, over all programs and tokens",
                                  to_rfc3339(not_before)),
                      not_before);
    }
    co_await sleep_for(*until - now);
  }
  budget_.sent();
}

Task<http::Response> Api::exchange(std::string method, std::string path, std::optional<json::Value> body) {
  UnderWay under_way(budget_, clock_);
  const bool changes = method != "GET";
  try {
    auto response = co_await api_.send(std::move(method), std::move(path), std::move(body));
    under_way.answered(response);
    co_return response;
  } catch (const Retry& error) {
    if (!changes) throw;
    throw Retry(error.cause(), fmt::format("{}. Whether the change was made is not known", error.what()));
  }
}

void Api::throw_throttled(const http::Response& response) {
  const auto now = clock_.now();
  const auto not_before = api_.welcome_at(response).value_or(now);
  budget_.close_until(clock_.moment() + (not_before - now));
  api_.throw_failure(
      response, fmt::format("Cloudflare had too many requests of this user and refuses all until {}. 1,200 within 5 "
                            "minutes are allowed, over all programs and tokens",
                            to_rfc3339(not_before)));
}

}  // namespace acmed::providers::cloudflare
