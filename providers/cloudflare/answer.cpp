// SPDX-License-Identifier: Apache-2.0
#include "providers/cloudflare/answer.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/foreign_text.h"

namespace acmed::providers::cloudflare {
namespace {

constexpr std::size_t most_errors = 8;
constexpr std::size_t longest_words = 160;  // of one error
constexpr std::size_t longest_list = 400;   // of all
constexpr int deepest_chain = 4;

/// The errors in `list`, each followed by its causes.
void append(std::vector<ApiError>& errors, const json::Value& list, const ForeignWords& words, int depth) {
  for (const auto& error : list.elements()) {
    if (errors.size() == most_errors || depth == deepest_chain) return;
    auto message = words.line(error["message"].text_or(), longest_words);
    while (message.ends_with('.')) message.pop_back();  // they come in the middle of a sentence
    errors.push_back({error["code"].integer_or(0), std::move(message)});
    append(errors, error["error_chain"], words, depth + 1);
  }
}

}  // namespace

bool Answer::has(std::initializer_list<std::int64_t> codes) const {
  return std::ranges::any_of(errors, [&](const ApiError& error) { return std::ranges::count(codes, error.code) != 0; });
}

std::string Answer::cause() const {
  if (errors.empty() || errors.front().code == 0) return fmt::format("http:{}", status);
  return fmt::format("cloudflare:{}", errors.front().code);
}

std::string Answer::words() const {
  std::string list;
  for (const auto& error : errors) {
    if (!list.empty()) list += "; ";
    list += fmt::format("{}: {}", error.code, error.words);
  }
  return list.empty() ? fmt::format("status {} without a word", status) : one_line(list, longest_list);
}

std::optional<Answer> read_answer(const http::Response& response, const ForeignWords& words) {
  auto body = json::parse(response.body);
  if (!body || (*body)["success"].as_bool() == nullptr) return std::nullopt;
  Answer answer;
  answer.status = response.status;
  // An error status counts, whatever the body says.
  answer.success = (*body)["success"].bool_or(false) && response.status >= 200 && response.status <= 299;
  append(answer.errors, (*body)["errors"], words, 0);
  answer.pages = (*body)["result_info"]["total_pages"].integer_or(1);
  answer.result = (*body)["result"];
  return answer;
}

}  // namespace acmed::providers::cloudflare
