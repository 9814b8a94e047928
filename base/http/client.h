// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/runtime/task.h"

namespace acmed::http {

/// The cause of the Retry for an answer that is larger than is taken.
inline constexpr const char* too_large = "http:too-large";
/// The cause of the Refused for a URL that cannot be asked.
inline constexpr const char* bad_url = "http:url";

struct Request {
  std::string method;  ///< GET, HEAD, POST, PUT, PATCH, DELETE
  std::string url;     ///< https, or http where the caller allows it
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  Duration limit = std::chrono::seconds(30);  ///< for the whole exchange
};

struct Response {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers;  ///< names in lower case, in the order received
  std::string body;                                          ///< 1 MiB at most, see `too_large`
  Duration elapsed{};                                        ///< from the request's start to the answer's end

  /// The first header of that (lower-case) name.
  std::optional<std::string> header(std::string_view name) const;
  /// All headers of that (lower-case) name.
  std::vector<std::string> all_headers(std::string_view name) const;
  /// The targets of the Link headers with that relation (RFC 8288), as they stand.
  std::vector<std::string> links(std::string_view relation) const;
  /// When the server wants to be asked again (Retry-After, RFC 9110 §10.2.3): after `now`, `longest` from then at most.
  /// Nothing when it did not say, or named a time that is past.
  std::optional<Time> retry_after(Time now, Duration longest) const;
  /// The media type in lower case, without parameters.
  std::string media_type() const;
};

struct Settings {
  std::string user_agent = "acmed/" ACMED_VERSION " libcurl";  ///< RFC 8555 §6.1
  /// Certificates in PEM that are trusted besides the system's; empty for none.
  std::string extra_trust_pem;
  bool allow_plain_http = false;
  bool by_proxy = true;  ///< through the proxy that the environment names, when it names one
  Duration connect_limit = std::chrono::seconds(10);
};

/// An HTTP client: HTTP/2 where the server has it, connections kept and shared, TLS 1.2 at least and always verified,
/// no redirects, bodies of 1 MiB at most. One client a trust: its settings hold for all that it sends.
class Client {
 public:
  Client(Loop& loop, Settings settings);
  ~Client();

  /// Sends `request` and gives the whole answer, whatever its status. Throws Retry when there is none ("curl:7" and a
  /// sentence with the URL's host and what to look at), Refused when the server's certificate does not verify.
  /// Cancelling drops the exchange.
  Task<Response> send(Request request);

  /// Closes connections and frees what is kept for later ones; the next send() begins anew. Only when nothing is sent.
  void rest();

 private:
  class Multi;
  std::unique_ptr<Multi> multi_;
};

}  // namespace acmed::http
