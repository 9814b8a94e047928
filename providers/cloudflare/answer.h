// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <vector>

#include "base/http/client.h"
#include "base/json.h"
#include "providers/kit/foreign_words.h"

namespace acmed::providers::cloudflare {

/// One error of an answer, with those that led to it.
struct ApiError {
  std::int64_t code = 0;
  std::string words;  ///< fit for a sentence
};

/// What every answer of Cloudflare's API is wrapped in.
struct Answer {
  int status = 0;
  bool success = false;
  std::vector<ApiError> errors;
  json::Value result;
  std::int64_t pages = 1;  ///< of the list that `result` is a page of

  bool has(std::initializer_list<std::int64_t> codes) const;

  /// For programs: the first error's code, else the HTTP status; "cloudflare:10000", "http:403".
  std::string cause() const;
  /// For people: "10000: Authentication error".
  std::string words() const;
};

/// Nothing when the response is something else, such as an HTML page of a server in between. `words`: makes fit to be
/// shown what the API says, since it may repeat the token.
std::optional<Answer> read_answer(const http::Response& response, const ForeignWords& words);

}  // namespace acmed::providers::cloudflare
