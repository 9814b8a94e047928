// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/runtime/task.h"

namespace acmed::http {

/// Cause of the Retry thrown for a response that exceeds our size limits.
inline constexpr const char* too_large = "http:too-large";
/// Cause of the Refused thrown for a URL that cannot be requested.
inline constexpr const char* bad_url = "http:url";

/// The largest body of a response unless the request allows a larger one.
inline constexpr std::size_t usual_body = std::size_t{1} << 20;

struct Request {
  std::string method;  ///< GET, HEAD, POST, PUT, PATCH, DELETE
  std::string url;     ///< https, or http where the caller allows it
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  Duration limit = std::chrono::seconds(30);  ///< for the whole exchange
  std::size_t most_body = usual_body;         ///< of the response, in bytes
  /// A kept connection that ends without a response usually has ended before the server saw the request, which is then
  /// sent again on a new one. With this it is not, once some of its body has been sent.
  bool at_most_once = false;
  /// Takes the body of a successful response (2xx) in the parts in which it arrives, on the client's loop; none of it
  /// is in Response::body then, and `most_body` does not limit it. For responses without an end, such as server-sent
  /// events. Must not throw.
  std::function<void(std::string_view part)> on_part = {};
};

struct Response {
  std::string url;  ///< that was requested: what references in the response are relative to
  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers;  ///< names in lower case, in the order received
  std::string body;                                          ///< of limited size, see `too_large`
  Duration elapsed{};                                        ///< from when the connection was there to the answer's end

  /// The first header of that name (lower case).
  std::optional<std::string> header(std::string_view name) const;
  /// All headers of that name (lower case).
  std::vector<std::string> all_headers(std::string_view name) const;
  /// The targets of the Link headers with that relation (RFC 8288), unresolved.
  std::vector<std::string> links(std::string_view relation) const;
  /// When the server wants to be asked again (Retry-After, RFC 9110 §10.2.3): after `now`, and at most `longest` later.
  /// Nothing when it did not say or named a time in the past.
  std::optional<Time> retry_after(Time now, Duration longest) const;
  /// The media type in lower case, without parameters.
  std::string media_type() const;
};

struct Settings {
  std::string user_agent = "acmed/" ACMED_VERSION " libcurl";  ///< RFC 8555 §6.1
  /// PEM certificates trusted in addition to the system's; empty for none.
  std::string extra_trust_pem;
  bool allow_plain_http = false;
  bool by_proxy = true;  ///< use the proxy named in the environment, if any
  Duration connect_limit = std::chrono::seconds(10);
  /// Every request goes to the server behind this Unix socket, whatever host its URL names; empty for the network.
  std::filesystem::path unix_socket = {};
};

class Multi;
class NetworkThread;

/// An HTTP client: HTTP/2 where the server offers it, connections kept alive and shared, at least TLS 1.2 and always
/// verified, no redirects, bodies of limited size. Use one client for each trust setting: its settings apply to
/// everything it sends.
class Client {
 public:
  Client(Loop& loop, Settings settings);
  ~Client();

  /// Sends `request` and returns the whole response, whatever its status. Throws Retry when there is none ("curl:7" and
  /// a sentence with the URL's host and what to check), Refused when the server's certificate does not verify.
  /// Cancelling drops the exchange.
  Task<Response> send(Request request);

  /// Closes connections and frees cached memory, unless something is in flight; the next send() starts afresh.
  void rest();

 private:
  class Perform;
  class Answers;

  static std::function<void(std::string_view)> passed_to_loop(std::function<void(std::string_view)> on_part,
                                                              std::shared_ptr<Answers> answers,
                                                              std::shared_ptr<const bool> wanted);

  std::shared_ptr<NetworkThread> thread_;  ///< from the first request on
  std::shared_ptr<Multi> multi_;           ///< used on that thread alone
  std::shared_ptr<Answers> answers_;
};

}  // namespace acmed::http
