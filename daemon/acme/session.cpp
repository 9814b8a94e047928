// SPDX-License-Identifier: Apache-2.0
#include "daemon/acme/session.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <stdexcept>
#include <utility>

#include "base/crypto/jws.h"
#include "base/foreign_text.h"
#include "base/http/url.h"
#include "base/runtime/in_context.h"
#include "base/runtime/scope.h"
#include "daemon/acme/answer.h"

namespace acmed::acme {
namespace {

constexpr int most_bad_nonces = 10;
constexpr int most_redirects = 3;
constexpr std::array<int, 5> redirections = {301, 302, 303, 307, 308};
constexpr std::array<int, 2> unknown_method = {405, 501};
constexpr std::size_t longest_url = std::size_t{4} * 1024;
constexpr std::size_t longest_quote = 200;
/// Some CAs validate or issue before they respond.
constexpr Duration exchange_limit = std::chrono::seconds(60);
constexpr Duration grace = std::chrono::seconds(3);
/// Weight of the newest measurement in the smoothed round trip.
constexpr int smoothing = 4;

/// The nonce that a response brought; nothing when there is none or it must be ignored (RFC 8555 §6.5.1).
std::optional<std::string> replay_nonce(const http::Response& response) {
  auto nonce = response.header("replay-nonce");
  if (!nonce || nonce->empty() || !is_base64url(*nonce)) return std::nullopt;
  return nonce;
}

bool is_bad_nonce(const http::Response& response) {
  const auto problem = problem_in(response);
  return problem && problem->type == problem_type::bad_nonce;
}

/// Where the CA sends us instead (RFC 9110 §15.4); nothing when it does not.
std::optional<std::string> redirection(const http::Response& response) {
  const bool is_redirected = std::ranges::find(redirections, response.status) != redirections.end();
  const auto location = is_redirected ? response.header("location") : std::nullopt;
  if (!location || location->empty()) return std::nullopt;
  return http::resolved(response.url, *location);
}

/// The servers that a CA's URLs may lead to.
std::set<std::string> servers_of(const Location& location) {
  std::set<std::string> servers = {http::server_of(location.directory_url)};
  for (const auto& host : location.hosts) servers.insert(http::server_of("https://" + host));
  return servers;
}

http::Request plain_request(std::string method, std::string url) {
  http::Request request;
  request.method = std::move(method);
  request.url = std::move(url);
  return request;
}

}  // namespace

Client::Session::Session(http::Client& http, const Clock& clock, crypto::Keys& keys, crypto::PrivateKey key,
                         const Location& location, std::optional<Directory> known_directory)
    : http_(http),
      clock_(clock),
      keys_(keys),
      key_(std::move(key)),
      directory_url_(location.directory_url),
      servers_(servers_of(location)),
      directory_(std::move(known_directory)),
      nonces_(clock, [this] { return new_nonce(); }) {}

Task<Directory> Client::Session::directory() {
  if (directory_) co_return *directory_;
  co_return co_await directory_request_.join(request_directory());
}

Task<Directory> Client::Session::request_directory() {
  const std::string doing = "read the directory";
  const auto response = co_await read(doing, "GET", directory_url_);
  require_success(doing, response.url, response, clock_.now());
  directory_ = Directory::from_json(read_json(doing, response.url, response), response.url);
  co_return *directory_;
}

Task<std::string> Client::Session::new_nonce() {
  for (bool first = true;; first = false) {
    const auto known = co_await directory();
    auto response = co_await read("get a nonce", "HEAD", known.new_nonce);
    // Some gateways let no HEAD pass; the CA answers GET as well (RFC 8555 §7.2).
    const bool takes_no_head = std::ranges::find(unknown_method, response.status) != unknown_method.end();
    if (takes_no_head) response = co_await read("get a nonce", "GET", known.new_nonce);
    if (response.status == 404 && first) {
      forget(&Directory::new_nonce, known.new_nonce);
      continue;
    }
    require_success("get a nonce", known.new_nonce, response, clock_.now());
    if (auto nonce = replay_nonce(response)) co_return *std::move(nonce);
    throw unexpected_answer("get a nonce", known.new_nonce, response, "a Replay-Nonce");
  }
}

/// Forgets a directory whose URL gave 404, unless another caller has already read a newer one.
void Client::Session::forget(std::string Directory::*resource, const std::string& stale_url) {
  if (directory_ && (*directory_).*resource == stale_url) directory_.reset();
}

Task<http::Response> Client::Session::post(std::string doing, std::string url, std::string payload) {
  auto response = co_await await_turn_and_exchange(doing, {url, std::move(payload), SignedBy::account});
  require_success(doing, url, response, clock_.now());
  co_return response;
}

Task<http::Response> Client::Session::post_to(std::string doing, std::string Directory::*resource, PayloadFor payload,
                                              SignedBy by) {
  for (bool first = true;; first = false) {
    const auto known = co_await directory();
    const std::string url = known.*resource;
    auto response = co_await await_turn_and_exchange(doing, {url, payload(url), by, by == SignedBy::account});
    if (response.status == 404 && first) {
      forget(resource, url);
      continue;
    }
    require_success(doing, url, response, clock_.now());
    co_return response;
  }
}

/// While one exists, a signed exchange is in flight.
class Client::Session::InFlight {
 public:
  explicit InFlight(Session& session) : session_(session) { ++session_.in_flight_; }
  InFlight(const InFlight&) = delete;
  InFlight& operator=(const InFlight&) = delete;
  ~InFlight() {
    --session_.in_flight_;
    session_.gate_.wake_all();
  }

 private:
  Session& session_;
};

/// What is signed by a key that the account has no more is refused, in whatever words.
Task<http::Response> Client::Session::await_turn_and_exchange(std::string doing, Post post) {
  while (key_changes_) co_await gate_.turn();
  if (key_is_in_doubt_) {
    throw Error(
        Error::Advice::retry, key_in_doubt,
        fmt::format("cannot {}: the account's key was being changed, and the CA has not said whether it is", doing),
        std::nullopt, Party::ca);
  }
  const InFlight in_flight(*this);
  co_return co_await exchange(std::move(doing), std::move(post));
}

Task<bool> Client::Session::with_key_changing(crypto::PrivateKey key, Task<bool> change) {
  while (key_changes_) co_await gate_.turn();
  key_changes_ = true;
  const auto open_gate = [this](const void*) {
    key_changes_ = false;
    gate_.wake_all();
  };
  const std::unique_ptr<const void, decltype(open_gate)> closed(this, open_gate);
  while (in_flight_ > 0) co_await gate_.turn();
  key_is_in_doubt_ = true;
  const bool has_it = co_await std::move(change);
  if (has_it) key_ = std::move(key);
  key_is_in_doubt_ = false;
  co_return has_it;
}

Task<http::Response> Client::Session::post_while_changing(std::string doing, std::string Directory::*resource,
                                                          PayloadFor payload, std::optional<crypto::PrivateKey> key) {
  const auto known = co_await directory();
  const std::string url = known.*resource;
  const auto by = key ? SignedBy::key : SignedBy::account;
  auto response = co_await exchange(doing, {url, payload(url), by, !key, std::move(key)});
  require_success(doing, url, response, clock_.now());
  co_return response;
}

Task<http::Response> Client::Session::exchange(std::string doing, Post post) {
  require_own(doing, post.url);
  auto nonce = co_await nonces_.take();
  for (int bad_nonces = 0;; ++bad_nonces) {
    // The grace is for an exchange in flight: none is started after the stop.
    const auto here = co_await context();
    if (here.stop.stop_requested()) throw Cancelled();
    auto request = co_await sign(post, nonce.spend());
    auto response = co_await with_grace(grace, send(doing, std::move(request)));
    if (auto next = replay_nonce(response)) nonce.renew(*std::move(next));
    if (bad_nonces == most_bad_nonces || !is_bad_nonce(response)) co_return response;
    // The next try uses the nonce of this very response (RFC 8555 §6.5), or another one if it brought none.
    if (nonce.empty()) {
      nonce.release();
      nonce = co_await nonces_.take();
    }
  }
}

Task<http::Response> Client::Session::get(std::string doing, std::string url) {
  auto response = co_await read(doing, "GET", url);
  require_success(doing, url, response, clock_.now());
  co_return response;
}

Task<> Client::Session::stock_nonces(std::size_t requests) {
  co_await within(2 * round_trip_, nonces_.stock(requests));
}

/// A GET or a HEAD. Only these follow a redirect: a signed request is for the URL that it names (RFC 8555 §6.4).
Task<http::Response> Client::Session::read(std::string doing, std::string method, std::string url) {
  for (int redirects = 0;; ++redirects) {
    require_own(doing, url);
    auto response = co_await send(doing, plain_request(method, url));
    auto target = redirection(response);
    if (!target || redirects == most_redirects) co_return response;
    url = *std::move(target);
  }
}

/// What the CA sent as a URL leads to nobody else.
void Client::Session::require_own(const std::string& doing, const std::string& url) const {
  const auto refuse = [&](const std::string& why) {
    throw Error(Error::Advice::refused, http::bad_url,
                fmt::format("cannot {}: the CA gave the URL \"{}\", {}", doing, one_line(url, longest_quote), why),
                std::nullopt, Party::ca);
  };
  const auto scheme = directory_url_.substr(0, directory_url_.find(':'));
  if (!url.starts_with(scheme + "://")) refuse(fmt::format("which is no {} URL", scheme));
  if (url.size() > longest_url) refuse(fmt::format("which has {} octets, more than {}", url.size(), longest_url));
  const auto server = http::server_of(url);
  if (server.empty()) refuse("which cannot be read");
  if (servers_.contains(server)) return;
  refuse(
      fmt::format("on another server than its directory's: if that is meant, set hosts = [\"{}\"] in its [ca] section",
                  one_line(http::host_of(url), longest_quote)));
}

/// Failures on the way to the CA count as the CA's.
Task<http::Response> Client::Session::send(std::string doing, http::Request request) {
  const auto began = clock_.moment();
  std::exception_ptr failure;
  try {
    auto response = co_await in_context(Party::ca, {}, http_.send(std::move(request)));
    measure(response.elapsed);
    listener_(doing, response.status, clock_.moment() - began);
    co_return response;
  } catch (const Error&) {
    failure = std::current_exception();
  }
  listener_(doing, 0, clock_.moment() - began);
  std::rethrow_exception(failure);
}

Task<http::Request> Client::Session::sign(Post post, std::string nonce) const {
  json::Object header{{"nonce", std::move(nonce)}, {"url", post.url}};
  const auto key = post.key.value_or(key_);
  if (post.by == SignedBy::key) {
    header["jwk"] = key.jwk();
  } else {
    if (account_url_.empty()) throw std::logic_error("an ACME request before there is an account");
    header["kid"] = account_url_;
  }
  auto request = plain_request("POST", std::move(post.url));
  // Sent again with the same nonce it would be refused, signed once more, and create another. (An account is found
  // again by its key.)
  request.at_most_once = post.creates;
  request.headers = {{"Content-Type", "application/jose+json"}};
  request.limit = exchange_limit;
  const crypto::UnsignedJws jws(std::move(header), key.jws_algorithm(), post.payload);
  const auto signature = co_await keys_.sign(key, jws.signing_input());
  request.body = json::dump(jws.with_signature(signature));
  co_return request;
}

void Client::Session::measure(Duration elapsed) {
  round_trip_ = round_trip_ == Duration::zero() ? elapsed : round_trip_ + (elapsed - round_trip_) / smoothing;
  // The shortest tells the line: what a server or this host takes in busy times is no reason for more nonces.
  shortest_round_trip_ = std::min(shortest_round_trip_, elapsed);
  nonces_.line_is(shortest_round_trip_);
}

}  // namespace acmed::acme
