// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "base/runtime/event.h"
#include "base/runtime/single_flight.h"
#include "daemon/acme/client.h"
#include "daemon/acme/nonces.h"

namespace acmed::acme {

/// Builds the payload for a URL that is known only once the directory is.
using PayloadFor = std::function<std::string(const std::string& url)>;

/// The exchanges under acme::Client: holds directory, nonces and account, and signs what is sent.
class Client::Session {
 public:
  enum class SignedBy {
    account,  ///< names the account's URL ("kid")
    key       ///< carries the public key ("jwk"): for newAccount, where there is no account yet
  };

  Session(http::Client& http, const Clock& clock, crypto::Keys& keys, crypto::PrivateKey key, const Location& location,
          std::optional<Directory> known_directory);

  void tell(Listener listener) { listener_ = std::move(listener); }

  /// The directory; concurrent callers share one request.
  Task<Directory> directory();
  void forget_directory() { directory_.reset(); }

  /// Sends `payload` to `url`, signed by the account, and returns the successful response. An empty payload is a
  /// POST-as-GET (RFC 8555 §6.3). Throws as documented at acme::Client; `doing` is for the message.
  Task<http::Response> post(std::string doing, std::string url, std::string payload);

  /// The same to a URL of the directory, which is read once more when the CA answers 404.
  Task<http::Response> post_to(std::string doing, std::string Directory::*resource, PayloadFor payload, SignedBy by);

  /// Gives the account another key (§7.3.5) while nothing else is in flight: what comes meanwhile waits. `change` is
  /// the exchange, in which exempt calls go through; it returns whether the account has the key afterwards, and throws
  /// when that is not known.
  Task<bool> with_key_changing(crypto::PrivateKey key, Task<bool> change);
  bool key_is_in_doubt() const noexcept { return key_is_in_doubt_; }
  /// An exchange of change(): signed by `key`, with its public part ("jwk"), or by the account where there is none.
  Task<http::Response> post_while_changing(std::string doing, std::string Directory::*resource, PayloadFor payload,
                                           std::optional<crypto::PrivateKey> key);

  /// Reads what anybody may read, unsigned. Throws as documented at acme::Client.
  Task<http::Response> get(std::string doing, std::string url);

  /// Makes ready for `requests` at once; takes no longer than two round trips.
  Task<> stock_nonces(std::size_t requests);

  const crypto::PrivateKey& key() const noexcept { return key_; }
  crypto::Keys& keys() const noexcept { return keys_; }
  const Clock& clock() const noexcept { return clock_; }
  void use_account(std::string url) { account_url_ = std::move(url); }
  const std::string& account_url() const noexcept { return account_url_; }
  /// How long an exchange with this CA usually takes; zero before the first one.
  Duration round_trip() const noexcept { return round_trip_; }

 private:
  struct Post {
    std::string url;
    std::string payload;
    SignedBy by;
    bool creates = false;                        ///< twice sent, it would create two
    std::optional<crypto::PrivateKey> key = {};  ///< that signs in place of the client's
  };
  class InFlight;
  Task<http::Response> await_turn_and_exchange(std::string doing, Post post);
  Task<http::Response> exchange(std::string doing, Post post);
  Task<http::Response> read(std::string doing, std::string method, std::string url);
  void require_own(const std::string& doing, const std::string& url) const;
  Task<http::Response> send(std::string doing, http::Request request);
  Task<Directory> request_directory();
  Task<std::string> new_nonce();
  void forget(std::string Directory::*resource, const std::string& stale_url);
  Task<http::Request> sign(Post post, std::string nonce) const;
  void measure(Duration elapsed);

  http::Client& http_;
  const Clock& clock_;
  crypto::Keys& keys_;
  crypto::PrivateKey key_;
  std::string directory_url_;
  std::set<std::string> servers_;  ///< that the CA's URLs may lead to, as of http::server_of()
  std::string account_url_;
  std::size_t in_flight_ = 0;  ///< signed exchanges
  bool key_changes_ = false;   ///< none may begin
  bool key_is_in_doubt_ = false;
  Waiters gate_;  ///< woken when one of these changes
  std::optional<Directory> directory_;
  SingleFlight<Directory> directory_request_;
  NoncePool nonces_;
  Listener listener_ = [](const std::string&, int, Duration) {};
  Duration round_trip_{};
  Duration shortest_round_trip_ = Duration::max();
};

}  // namespace acmed::acme
