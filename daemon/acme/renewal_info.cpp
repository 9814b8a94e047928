// SPDX-License-Identifier: Apache-2.0
#include "daemon/acme/renewal_info.h"

#include <algorithm>

#include "daemon/acme/answer.h"

namespace acmed::acme {
namespace {

// RFC 9773 §4.3.2 and §4.3.3.
constexpr Duration shortest_pause = std::chrono::minutes(1);
constexpr Duration longest_pause = std::chrono::hours(24);
constexpr Duration pause_unsaid = std::chrono::hours(6);
constexpr std::size_t longest_explanation = 500;

/// For people to open: a text with blanks or control characters is no URL.
std::string explanation_in(const json::Value& value) {
  const auto url = value["explanationURL"].text_or();
  const bool is_url = url.starts_with("https://") || url.starts_with("http://");
  const bool is_plain = std::ranges::all_of(url, [](char c) { return c > ' ' && c < '\x7f'; });
  return is_url && is_plain && url.size() <= longest_explanation ? url : std::string();
}

}  // namespace

RenewalInfo RenewalInfo::from_response(const std::string& doing, const http::Response& response, Time now) {
  const auto value = read_json(doing, response.url, response);
  const auto& window = value["suggestedWindow"];
  const auto start = parse_rfc3339(window["start"].text_or());
  const auto end = parse_rfc3339(window["end"].text_or());
  if (!start || !end || *end <= *start) throw unexpected_answer(doing, response.url, response, "a window of time");
  const auto pause = response.retry_after(now, longest_pause).value_or(now + pause_unsaid);
  return {*start, *end, explanation_in(value), std::max<Time>(pause, now + shortest_pause)};
}

std::string renewal_info_url(const std::string& renewal_info, const std::string& certificate_id) {
  return renewal_info + (renewal_info.ends_with('/') ? "" : "/") + certificate_id;
}

}  // namespace acmed::acme
