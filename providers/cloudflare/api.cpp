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
constexpr Duration longest_wait = seconds(10);  // for the budget's renewal, in place
// After too many requests Cloudflare refuses all for the next five minutes.
constexpr Duration default_throttle = std::chrono::minutes(5);
constexpr std::size_t longest_quote = 80;

/// What was sent instead of an answer, for people.
std::string form_of(const http::Response& response, const ForeignWords& words) {
  const auto type = response.media_type();
  if (type == "text/html" || type == "application/xhtml+xml") return "an HTML page";
  if (response.body.empty()) return "nothing";
  if (type == "application/json") return "other JSON";
  return type.empty() ? "something" : words.line(type, longest_quote);
}

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

Api::Api(const std::string& url, Secret token, http::Client& http, const Clock& clock)
    : url_(url), token_(std::move(token)), http_(http), clock_(clock), foreign_words_({token_}) {}

Task<Answer> Api::get(std::string path) {
  http::Request request;
  request.method = "GET";
  request.url = url_ + path;
  co_return co_await send(std::move(request));
}

Task<Answer> Api::remove(std::string path) {
  http::Request request;
  request.method = "DELETE";
  request.url = url_ + path;
  co_return co_await send(std::move(request));
}

Task<Answer> Api::post(std::string path, json::Value body) {
  http::Request request;
  request.method = "POST";
  request.url = url_ + path;
  request.headers = {{"Content-Type", "application/json"}};
  request.body = json::dump(body);
  co_return co_await send(std::move(request));
}

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

Task<Answer> Api::send(http::Request request) {
  co_await await_turn();
  const auto response = co_await exchange(std::move(request));
  if (response.status == 429) throw_throttled(response);
  auto answer = read_answer(response, foreign_words_);
  if (!answer) throw_unreadable(response);
  if (response.status >= 500) {
    throw Retry(fmt::format("http:{}", response.status),
                fmt::format("Cloudflare is in trouble (status {}, {})", response.status, answer->words()),
                response.retry_after(clock_.now(), longest_pause));
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

Task<http::Response> Api::exchange(http::Request request) {
  UnderWay under_way(budget_, clock_);
  request.headers.emplace_back("Authorization", "Bearer " + token_.reveal());
  request.headers.emplace_back("Accept", "application/json");
  request.limit = exchange_limit;
  const bool changes = request.method != "GET";
  try {
    auto response = co_await http_.send(std::move(request));
    under_way.answered(response);
    co_return response;
  } catch (const Retry& error) {
    if (!changes) throw;
    throw Retry(error.cause(), fmt::format("{}. Whether the change was made is not known", error.what()));
  }
}

void Api::throw_throttled(const http::Response& response) {
  const auto now = clock_.now();
  const auto not_before = response.retry_after(now, longest_pause).value_or(now + default_throttle);
  budget_.close_until(clock_.moment() + (not_before - now));
  throw Throttled("http:429",
                  fmt::format("Cloudflare had too many requests of this user and refuses all until {}. 1,200 "
                              "within 5 minutes are allowed, over all programs and tokens",
                              to_rfc3339(not_before)),
                  not_before);
}

void Api::throw_unreadable(const http::Response& response) const {
  auto sentence = fmt::format("{} answered {} with status {} instead of what Cloudflare's API says", url_,
                              form_of(response, foreign_words_), response.status);
  if (const auto quote = foreign_words_.line(response.body, longest_quote); !quote.empty()) sentence += ": " + quote;
  throw Retry(response.status >= 500 ? fmt::format("http:{}", response.status) : "cloudflare:answer", sentence,
              response.retry_after(clock_.now(), longest_pause));
}

}  // namespace acmed::providers::cloudflare
