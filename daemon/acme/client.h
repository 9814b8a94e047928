// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/crypto/keys.h"
#include "base/crypto/x509.h"
#include "base/http/client.h"
#include "base/runtime/event.h"
#include "base/runtime/secret_source.h"
#include "daemon/acme/delegation.h"
#include "daemon/acme/renewal_info.h"
#include "daemon/acme/resources.h"
#include "daemon/acme/revocation_reason.h"

namespace acmed::acme {

/// What the CA gave its customer out of band, to link the ACME account to the customer (RFC 8555 §7.3.4).
struct ExternalAccountBinding {
  std::string key_id;
  SecretSource hmac_key;  ///< raw octets
};

/// Where a CA is. What it sends may lead to the directory's server and to `hosts`, nowhere else: a CA must not make us
/// send requests into our own network.
struct Location {
  std::string directory_url;
  std::vector<std::string> hosts = {};  ///< "HOST" or "HOST:PORT"
};

struct NewAccount {
  std::vector<std::string> contact;
  bool terms_agreed = false;
  std::optional<ExternalAccountBinding> external_account;
};

/// A CA as seen by an ACME account (RFC 8555): each call is one exchange, or one poll to its end. Knows nothing of the
/// DNS, disks or renewal. Calls may overlap.
///
/// All throw ProblemError when the CA refuses, Retry when it does not answer, AnswerError when the response is unusable
/// (HTML, say), Throttled ("acme:overloaded") on 429 and on 503 with Retry-After, except for rateLimited; verdict_on()
/// classifies them. A badNonce is answered by sending again, up to ten times (RFC 8555 §6.5). When the awaiting task is
/// cancelled, an exchange in flight has three seconds to end, so that its outcome is known.
class Client {
 public:
  /// `keys` signs with `key`, the account's key. `known_directory`: saved by an earlier run, to spare the request.
  Client(http::Client& http, const Clock& clock, crypto::Keys& keys, crypto::PrivateKey key, const Location& location,
         std::optional<Directory> known_directory);

  /// Hears of each exchange: what was asked ("read the order"), the status of the answer, 0 for none.
  using Listener = std::function<void(const std::string& request, int status, Duration elapsed)>;
  void tell(Listener listener);
  ~Client();

  /// The directory, fetched when not known yet.
  Task<Directory> directory();
  /// Forgets the directory, for instance after one of its URLs gave 404.
  void forget_directory();

  /// Creates the account, or finds the existing one of this key (RFC 8555 §7.3, §7.3.1); it signs all later calls.
  Task<Account> register_account(NewAccount wanted);
  /// The existing account of this key (onlyReturnExisting, §7.3.1); nothing when the CA has none. An account that may
  /// not be used any more need not have a URL. Later calls are not signed by it unless use_account() says so.
  Task<std::optional<Account>> find_account();
  /// Tells the CA the account's contact (§7.3.2).
  Task<> update_contact(std::vector<std::string> contact);
  /// Uses an existing account to sign all later calls.
  void use_account(Account account);
  /// Gives the account another key (§7.3.5), which signs all later calls. Waits for exchanges in flight; calls that
  /// come meanwhile wait for its end. When the CA does not say how that ended, it is asked whose account the key is:
  /// throws only where the account has not got it, or that cannot be known; then key_is_in_doubt().
  Task<> change_key(crypto::PrivateKey key);
  /// Whether a change_key() ended without anybody knowing how: every later call throws Retry, and whoever knows both
  /// keys has to ask with another client.
  bool key_is_in_doubt() const noexcept;
  /// Deactivates the account (§7.3.6), for ever. Succeeds also when it is deactivated already.
  Task<> deactivate_account();

  /// `replaces`: the CertID of the certificate that this one is to replace (RFC 9773 §5); empty for none.
  Task<Order> new_order(std::vector<std::string> names, std::optional<std::string> profile, std::string replaces = {});
  /// The URLs of the delegations of the account (RFC 9115 §2.3.1.2).
  Task<std::vector<std::string>> delegations();
  /// Reads a delegation. Also throws Error ("acme:csrTemplate").
  Task<Delegation> delegation(std::string url);
  /// Orders names of a delegation (§2.3.2, §2.3.3): there is nothing to prove. `wish`: what the CA is to renew by
  /// itself; nothing for one certificate.
  Task<Order> new_delegated_order(std::vector<std::string> names, std::string delegation_url,
                                  std::optional<AutoRenewal> wish);
  /// When the CA suggests to renew the certificate with that CertID; nothing when it makes no suggestions at all.
  /// Throws AnswerError also for a window that is none.
  Task<std::optional<RenewalInfo>> renewal_info(std::string certificate_id);
  /// Reads an order or an authorization; one that the CA reports as gone is requested again before that is believed.
  Task<Order> order(std::string url);
  Task<Authorization> authorization(std::string url);
  /// Polls the authorization until it is no longer `pending`, at the pace of order_leaves(). Throws Error
  /// ("acme:timeout") after `limit`.
  Task<Authorization> authorization_leaves_pending(std::string url, Duration limit);
  /// Deactivates a pending authorization, so that it counts against no limit (§7.5.2).
  Task<> deactivate_authorization(std::string url);
  /// Has the CA renew the certificates of that order no more (RFC 8739 §3.1.2).
  Task<> cancel_renewal(std::string order_url);
  /// Tells the CA to validate the challenge (§7.5.1). Succeeds also when the CA is validating already, or has done so.
  Task<> respond(std::string challenge_url);
  /// Polls the order until it leaves `pending` or `processing`, whichever `status` is. Honours a Retry-After of up to a
  /// minute; without one the first pause is one measured round trip (at least 5 ms) and each later one a quarter of the
  /// time waited so far. Tolerates a few unusable responses. Throws Error ("acme:timeout") after `limit`. `ask_again`:
  /// when the CA wanted the first poll.
  Task<Order> order_leaves(std::string url, OrderStatus status, Duration limit,
                           std::optional<Time> ask_again = std::nullopt);
  /// Polls a finalized order until it is `valid` and names its certificate, or is `invalid`. Any other status but
  /// `processing` is a server of the CA lagging behind: the order is requested again a few times. Throws AnswerError
  /// when that does not help, Error ("acme:timeout") after `limit`.
  Task<Order> order_ends(Order order, Duration limit);
  /// Sends the CSR for an order that is `ready` (§7.4); the order should come back `processing`, `valid` or `invalid`.
  Task<Order> finalize(Order ready, std::string csr_der);
  struct Download {
    std::vector<crypto::Certificate> chain;  ///< in the order sent
    std::string offered{};                   ///< when none of them fits: by which chains the certificate can be had
  };
  /// Downloads the chain, or the alternate that fits `preferred_chain` better (fit_of()) when that is set and offered
  /// (§7.4.2). Throws AnswerError when a block is not a certificate or there are too many.
  Task<Download> certificate(std::string url, std::string preferred_chain);

  /// Downloads the chain by GET, as anybody may (RFC 8739 §3.4, RFC 9115 §2.3.5): the server may know no account of
  /// ours. Throws as certificate().
  Task<std::vector<crypto::Certificate>> public_certificate(std::string url);

  /// Revokes a certificate (§7.6), signed by the account. Succeeds also when it is revoked already.
  Task<> revoke(std::string certificate_der, RevocationReason reason);
  /// The same, signed by the client's own key: for a client whose key is the certificate's.
  Task<> revoke_by_key(std::string certificate_der, RevocationReason reason);

  /// The key authorization of a token (§8.1).
  std::string key_authorization(const std::string& token) const;

 private:
  class Session;
  /// How error messages name a poll.
  struct PollWords {
    std::string doing;
    std::string what;
    std::string still;
  };
  Task<bool> request_key_change(std::string payload, crypto::PrivateKey key,
                                std::shared_ptr<std::exception_ptr> failure);
  Task<Order> request_order(std::vector<std::string> names, std::string payload);
  Task<bool> has_account(crypto::PrivateKey key);
  Task<> request_revocation(std::string certificate_der, RevocationReason reason, bool by_key);
  Task<http::Response> look(std::string doing, std::string url, std::size_t most_further_looks);
  template <class Resource>
  Task<Resource> leaves(PollWords words, std::string url, decltype(Resource::status) status, Duration limit,
                        std::optional<Time> ask_again);

  std::unique_ptr<Session> session_;
};

}  // namespace acmed::acme
