// SPDX-License-Identifier: Apache-2.0
#include "providers/route53/service.h"

#include <algorithm>

#include "providers/kit/passing_trouble.h"

namespace acmed::providers::route53 {
namespace {

using namespace std::chrono_literals;

// An account has five calls a second by older texts of AWS, ten by newer ones, over all its programs.
constexpr int calls_at_once = 5;
constexpr Duration call_interval = 200ms;
constexpr Duration longest_backing_off = 20s;  // others of the account may take its calls for a while

}  // namespace

Service::Service(const Loop& loop, http::Client& http, const std::string& url, SignatureScope scope)
    : clock_(loop.clock()), http_(http), scope_(std::move(scope)), pace_(loop.clock(), calls_at_once, call_interval) {
  const auto host_begins = url.find("://") + 3;
  const auto path_begins = std::min(url.find('/', host_begins), url.size());
  origin_ = url.substr(0, path_begins);
  host_ = url.substr(host_begins, path_begins - host_begins);
  path_ = url.substr(path_begins);
  if (path_.ends_with('/')) path_.pop_back();
  const std::string own_port = url.starts_with("https:") ? ":443" : ":80";
  if (host_.ends_with(own_port)) host_.resize(host_.size() - own_port.size());
}

Task<Answer> Service::send(Call call, Purpose purpose, std::optional<Credentials> by,
                           std::vector<std::string> outcomes) {
  for (Pauses pauses(clock_, longest_backing_off);;) {
    std::optional<Answer> answer;
    std::exception_ptr failure;
    try {
      answer = co_await send_once(call, purpose, by);
    } catch (const Retry& error) {
      if (!is_cut(error)) throw;
      failure = std::current_exception();
    }
    if (answer) {
      const bool wanted = answer->document || std::ranges::find(outcomes, answer->error.code) != outcomes.end();
      if (wanted) co_return *std::move(answer);
    }
    const auto pause = !answer || may_pass(answer->error) ? pauses.next() : std::nullopt;
    if (!pause && failure) std::rethrow_exception(failure);
    if (!pause) throw_refusal(answer->error, purpose, by ? &*by : nullptr, clock_.now());
    co_await sleep_for(*pause);
  }
}

Task<Answer> Service::send_once(Call call, Purpose purpose, std::optional<Credentials> by) {
  co_await pace_.turn();
  call.path = path_ + call.path;
  call.headers.emplace_back("host", host_);
  if (by) {
    sign(call, *by, scope_, clock_.now());
    call.secrets.push_back(by->session_token);
  }
  const auto query = query_text(call.query);
  const auto response = co_await http_.send(
      {call.method, origin_ + call.path + (query.empty() ? "" : "?" + query), call.headers, call.body});
  co_return read_answer(response, purpose, ForeignWords(call.secrets), clock_.now());
}

}  // namespace acmed::providers::route53
