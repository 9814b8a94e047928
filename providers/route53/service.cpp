// SPDX-License-Identifier: Apache-2.0
#include "providers/route53/service.h"

#include <algorithm>

#include "providers/kit/jitter.h"

namespace acmed::providers::route53 {
namespace {

using namespace std::chrono_literals;

// An account has five calls a second by older texts of AWS, ten by newer ones, over all its programs.
constexpr int calls_at_once = 5;
constexpr Duration call_interval = 200ms;
constexpr Duration longest_backing_off = 20s;
constexpr Duration first_pause = 500ms;
constexpr Duration longest_pause = 5s;

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
  const auto begin = clock_.moment();
  for (Duration longest = first_pause;; longest = std::min(2 * longest, longest_pause)) {
    auto answer = co_await send_once(call, purpose, by);
    if (answer.document || std::ranges::find(outcomes, answer.error.code) != outcomes.end()) co_return answer;
    const auto pause = jittered(longest);
    if (!may_pass(answer.error) || clock_.moment() + pause > begin + longest_backing_off) {
      throw_refusal(answer.error, purpose, by ? &*by : nullptr, clock_.now());
    }
    co_await sleep_for(pause);
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
