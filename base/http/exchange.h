// SPDX-License-Identifier: Apache-2.0
// Private to base/http: one request and its response on a curl handle.
#pragma once

#include <curl/curl.h>

#include <array>
#include <memory>
#include <optional>
#include <string>

#include "base/crypto/tls.h"
#include "base/http/client.h"

namespace acmed::http {

struct CleanUpEasy {
  void operator()(CURL* easy) const noexcept { curl_easy_cleanup(easy); }
};
using Easy = std::unique_ptr<CURL, CleanUpEasy>;

/// Headers hold passwords and tokens: they are wiped.
struct FreeHeaders {
  void operator()(curl_slist* list) const noexcept;
};
using HeaderList = std::unique_ptr<curl_slist, FreeHeaders>;

/// A request and the part of its response received so far. Must not move: curl writes into it.
class Exchange {
 public:
  explicit Exchange(Request request) : request_(std::move(request)) {}
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;
  ~Exchange();

  /// Sets all options of `easy` that depend on the request. Throws Refused for a URL, method or header that cannot be
  /// sent. `allowance`: begins anew with each part of the response that arrives; must outlive the exchange.
  void set_up(CURL* easy, const Settings& settings, crypto::Allowance& allowance);

  /// Takes curl's final result: the response is complete, or take() throws why not. `flooded`: the connection was ended
  /// because too much arrived.
  void finish(CURL* easy, CURLcode code, bool flooded);

  /// The exchange could not begin.
  void fail(std::exception_ptr failure) noexcept { failure_ = std::move(failure); }

  /// The response; throws as Client::send does.
  Response take();

 private:
  static std::size_t on_header(char* line, std::size_t size, std::size_t count, void* exchange) noexcept;
  static std::size_t on_body_needed(char* to, std::size_t size, std::size_t count, void* exchange) noexcept;
  static std::size_t on_body(char* bytes, std::size_t size, std::size_t count, void* exchange) noexcept;
  void take_header_line(std::string_view line);
  void set_headers(CURL* easy);

  Request request_;
  HeaderList headers_;
  std::array<char, CURL_ERROR_SIZE> words_{};  ///< curl's own error text
  crypto::Allowance* allowance_ = nullptr;
  const char* too_large_ = nullptr;  ///< the part of the response that exceeded our limits
  std::size_t header_bytes_ = 0;
  std::size_t body_sent_ = 0;
  bool is_success_ = false;  ///< the status line of the present answer has 2xx
  std::exception_ptr failure_;
  Response response_;
};

}  // namespace acmed::http
