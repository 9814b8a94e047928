// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/http/client.h"
#include "base/json.h"
#include "base/runtime/secret_source.h"
#include "providers/kit/foreign_words.h"

namespace acmed::providers {

/// A DNS operator's API of HTTP and JSON, as one set of credentials may use it: it puts them on each request, limits
/// its time, and says what those answers mean that mean the same everywhere. What only this operator means by an
/// answer, its own page says.
class HttpApi {
 public:
  using Headers = std::vector<std::pair<std::string, SecretSource>>;

  struct Settings {
    std::string who;                            ///< what sentences begin with: "PowerDNS at http://127.0.0.1:8081"
    std::string url;                            ///< what stands before each path
    Headers credentials{};                      ///< headers of each request
    std::optional<SecretSource> bearer{};       ///< a token for each request (RFC 6750 §2.1)
    std::vector<SecretSource> secrets{};        ///< what answers must not be quoted with, besides the credentials
    Duration limit = std::chrono::seconds(30);  ///< for each exchange
    std::size_t most_body = http::usual_body;   ///< of an answer, in bytes
    std::size_t most_quoted = 200;              ///< octets of what it says, in one sentence
    std::vector<int> passing{};                 ///< statuses that pass besides those of is_passing()
    std::optional<Duration> usual_pause{};  ///< after "too many requests" (429) without a time; none: the scheduler's
  };

  /// `http` and `clock` must outlive this.
  HttpApi(Settings settings, http::Client& http, const Clock& clock);

  /// What becomes of a request that met trouble which passes (passing_trouble.h).
  enum class Sending {
    again,  ///< it is sent again for ten seconds, unless the answer names a time (Retry-After)
    once    ///< nothing: to do twice what was asked for would do harm
  };

  /// The answer, whatever its status. `body`: sent as JSON. `credentials`: those of this request alone. Each attempt
  /// has the credentials as they are now. Throws as http::Client::send.
  Task<http::Response> send(std::string method, std::string path, std::optional<json::Value> body = std::nullopt,
                            Headers credentials = {}, Sending sending = Sending::again);

  const std::string& who() const noexcept { return settings_.who; }
  const std::string& url() const noexcept { return settings_.url; }
  const ForeignWords& words() const noexcept { return words_; }

  /// What the answer says, fit for a sentence: the text of {"error": "..."}, else the body. `told`: a secret of the
  /// request alone, which it may repeat.
  std::string words_in(const http::Response& response, const Secret& told = {}) const;

  /// When the operator wants to be asked again; nothing where it does not say.
  std::optional<Time> welcome_at(const http::Response& response) const;

  /// Throws what the status means, said by `sentence`: Throttled for 429, Refused for all else from 300 to 499, Retry
  /// for the rest. The cause is "http:STATUS".
  [[noreturn]] void throw_failure(const http::Response& response, const std::string& sentence) const;
  /// The same, in the words "WHO wants fewer requests: WORDS" or "WHO answered STATUS: WORDS" and `mend`. `told` as
  /// above.
  [[noreturn]] void throw_failure(const http::Response& response, const Secret& told, const std::string& mend) const;

  /// Throws Retry for an answer that does not come from such an API at all: "URL answered an HTML page with status 200
  /// instead of WANTED: QUOTE". The cause is "http:STATUS" for 5xx, else `cause`.
  [[noreturn]] void throw_for_no_answer(const http::Response& response, const std::string& cause,
                                        const std::string& wanted) const;

 private:
  Task<http::Response> send_once(http::Request request, Headers credentials);
  Task<> renew_secrets();
  bool passes(const http::Response& response) const;

  Settings settings_;
  http::Client& http_;
  const Clock& clock_;
  std::vector<Secret> secrets_;  ///< of all requests, as they were read last
  ForeignWords words_;
};

}  // namespace acmed::providers
