// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/http/client.h"
#include "base/secret.h"
#include "providers/cloudflare/answer.h"
#include "providers/kit/http_api.h"
#include "providers/kit/request_budget.h"

namespace acmed::providers::cloudflare {

/// Cloudflare's API v4, as one token may use it. Knows how to ask and how often, not what for.
class Api {
 public:
  /// `http` must outlive this.
  Api(const std::string& url, const SecretSource& token, http::Client& http, const Clock& clock);

  /// Cloudflare's answer, also one that refuses. Throws Retry when there is none that can be read, or when the server
  /// is in trouble: then a change was made or not. Throws Throttled when the API takes no more requests for now, in
  /// part before asking.
  Task<Answer> get(std::string path) { return send("GET", std::move(path), {}); }
  Task<Answer> remove(std::string path) { return send("DELETE", std::move(path), {}); }
  Task<Answer> post(std::string path, json::Value body) { return send("POST", std::move(path), std::move(body)); }

  /// The list at `path`, which has a query, page by page: Answer::result has all its elements. Of a list of more than
  /// `most_pages` only the first one is read. A refusal ends it. Throws as get() does.
  Task<Answer> list(std::string path, std::int64_t most_pages);

 private:
  Task<Answer> send(std::string method, std::string path, std::optional<json::Value> body);
  Task<> await_turn();
  Task<http::Response> exchange(std::string method, std::string path, std::optional<json::Value> body);
  [[noreturn]] void throw_throttled(const http::Response& response);

  HttpApi api_;
  const Clock& clock_;
  RequestBudget budget_;
};

}  // namespace acmed::providers::cloudflare
