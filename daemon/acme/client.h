// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/crypto/keys.h"
#include "base/crypto/x509.h"
#include "base/http/client.h"
#include "base/runtime/event.h"
#include "base/secret.h"
#include "daemon/acme/resources.h"

namespace acmed::acme {

/// What the CA gave its customer out of band, to know whose the account is (RFC 8555 §7.3.4).
struct ExternalAccountBinding {
  std::string key_id;
  Secret hmac_key;  ///< raw octets
};

struct NewAccount {
  std::vector<std::string> contact;
  bool terms_agreed = false;
  std::optional<ExternalAccountBinding> external_account;
};

/// A CA as an ACME account sees it (RFC 8555): every call is one exchange, or a poll to its end. It knows nothing of
/// the DNS, of disks or of renewal. Calls may be made side by side.
///
/// All throw ProblemError when the CA refuses, Retry when it does not answer, AnswerError when it answers nonsense
/// (HTML, say), Throttled ("acme:overloaded") on 429 and on 503 with Retry-After, rateLimited excepted; verdict_on()
/// weighs them. A badNonce is answered by sending again, up to ten times (RFC 8555 §6.5). When the awaiting task is
/// cancelled, an exchange under way has three seconds to end, so that its outcome is known.
class Client {
 public:
  /// `keys` signs with `key`, the account's. `known_directory`: as kept from an earlier run, to spare the request.
  Client(http::Client& http, const Clock& clock, crypto::Keys& keys, crypto::PrivateKey key, std::string directory_url,
         std::optional<Directory> known_directory);
  ~Client();

  /// The directory, fetched when it is not known.
  Task<Directory> directory();
  /// Forgets the directory: after a URL of it gave 404, say.
  void forget_directory();

  /// Creates the account, or finds the one of this key (RFC 8555 §7.3, §7.3.1); from now on it signs all calls.
  Task<Account> register_account(NewAccount wanted);
  /// Signs with an account that was created before.
  void use_account(Account account);

  Task<Order> new_order(std::vector<std::string> names, std::optional<std::string> profile);
  /// Reads an order or an authorization; one that the CA says is gone is looked at again before that is believed.
  Task<Order> order(std::string url);
  Task<Authorization> authorization(std::string url);
  /// Polls the authorization until it is no longer `pending`, at the pace of order_leaves(). Throws Error
  /// ("acme:timeout") after `limit`.
  Task<Authorization> authorization_leaves_pending(std::string url, Duration limit);
  /// Gives up a pending authorization, so that it counts against no limit (§7.5.2).
  Task<> deactivate_authorization(std::string url);
  /// Tells the CA that the challenge can be validated (§7.5.1). Completes also when the CA has begun or done so before.
  Task<> respond(std::string challenge_url);
  /// Polls the order until it is no longer `pending` or `processing` respectively; Retry-After is honoured, else the
  /// first pause is one measured round trip (5 ms at least) and the next ones a quarter of the time waited. A few odd
  /// answers among them are passed over. Throws Error ("acme:timeout") after `limit`.
  /// `ask_again`: when the CA wanted to be asked first.
  Task<Order> order_leaves(std::string url, OrderStatus status, Duration limit,
                           std::optional<Time> ask_again = std::nullopt);
  /// Polls an order that was finalized, until it is `valid` and names its certificate, or is `invalid`. Any other
  /// status but `processing` is what one of the CA's servers still believes: it is looked at again a few times. Throws
  /// AnswerError when it stays so, Error ("acme:timeout") after `limit`.
  Task<Order> order_ends(Order order, Duration limit);
  /// Sends the CSR for an order that is `ready` (§7.4); it should come back `processing`, `valid` or `invalid`.
  Task<Order> finalize(Order ready, std::string csr_der);
  /// Downloads the chain, or the alternate whose topmost issuer is `preferred_chain` when that is not empty and offered
  /// (§7.4.2), in the order in which it is sent. Throws AnswerError when a block is no certificate, or there are too
  /// many of them.
  Task<std::vector<crypto::Certificate>> certificate(std::string url, std::string preferred_chain);

  /// The key authorization of a token (§8.1).
  std::string key_authorization(const std::string& token) const;

 private:
  class Session;
  /// What a poll is called in sentences.
  struct PollWords {
    std::string doing;
    std::string what;
    std::string still;
  };
  Task<http::Response> look(std::string doing, std::string url, std::size_t most_further_looks);
  template <class Resource>
  Task<Resource> leaves(PollWords words, std::string url, decltype(Resource::status) status, Duration limit,
                        std::optional<Time> ask_again);

  std::unique_ptr<Session> session_;
};

}  // namespace acmed::acme
