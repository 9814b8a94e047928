// SPDX-License-Identifier: Apache-2.0
#include "daemon/control/problem.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/secret_list.h"

namespace acmed::control {
namespace {

constexpr std::size_t longest_sentence = std::size_t{4} * 1024;

std::string_view title_of(int status) {
  constexpr std::array<std::pair<int, std::string_view>, 12> titles = {{{400, "Bad Request"},
                                                                        {403, "Forbidden"},
                                                                        {404, "Not Found"},
                                                                        {405, "Method Not Allowed"},
                                                                        {409, "Conflict"},
                                                                        {413, "Content Too Large"},
                                                                        {415, "Unsupported Media Type"},
                                                                        {421, "Misdirected Request"},
                                                                        {422, "Unprocessable Content"},
                                                                        {429, "Too Many Requests"},
                                                                        {500, "Internal Server Error"},
                                                                        {503, "Service Unavailable"}}};
  const auto* found = std::ranges::find(titles, status, &std::pair<int, std::string_view>::first);
  return found == titles.end() ? "Error" : found->second;
}

}  // namespace

ProblemResponse::ProblemResponse(int status, std::string cause, const std::string& sentence, json::Object more)
    : status_(status),
      cause_(std::move(cause)),
      sentence_(fit_to_show(sentence, longest_sentence)),
      more_(std::move(more)) {}

ProblemResponse ProblemResponse::with(std::string header, std::string value) && {
  headers_.emplace_back(std::move(header), std::move(value));
  return std::move(*this);
}

http::ServerResponse ProblemResponse::response() const {
  auto document = more_;
  document["type"] = "about:blank";
  document["title"] = title_of(status_);
  document["status"] = status_;
  document["detail"] = sentence_;
  document["cause"] = cause_;
  http::ServerResponse response;
  response.status = status_;
  response.headers = headers_;
  response.headers.emplace_back("Content-Type", "application/problem+json");
  response.body = json::dump(document) + "\n";
  return response;
}

ProblemResponse being_replaced() {
  return ProblemResponse(503, "control:replaced", "the configuration is just being put in force: ask again in a moment")
      .with("Retry-After", "1");
}

http::ServerResponse json_response(const json::Value& value, int status) {
  http::ServerResponse response;
  response.status = status;
  response.headers.emplace_back("Content-Type", "application/json");
  response.body = json::dump(value) + "\n";
  return response;
}

void add_usual_headers(http::ServerResponse& response) {
  const auto add = [&response](const char* name, const char* value) {
    const bool is_set = std::ranges::any_of(response.headers, [name](const auto& each) { return each.first == name; });
    if (!is_set) response.headers.emplace_back(name, value);
  };
  add("Cache-Control", "no-store");
  add("X-Content-Type-Options", "nosniff");
  add("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'");
  add("Cross-Origin-Resource-Policy", "same-origin");
  add("Referrer-Policy", "no-referrer");
}

}  // namespace acmed::control
