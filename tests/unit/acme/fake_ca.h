// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/crypto/key.h"
#include "base/json.h"
#include "tests/unit/base/fake_server.h"

namespace acmed::test {

/// A CA over plain HTTP that keeps to RFC 8555, refuses every request that does not, and does on request what real CAs
/// do at bad times. Its resources are named by the first word of their paths: "new-order", "authorization".
class FakeCa {
 public:
  /// A request as it came.
  struct Seen {
    std::string method;
    std::string resource;
    std::string url;
    json::Value header;   ///< the JWS's protected header
    std::string payload;  ///< decoded; empty for a POST-as-GET
  };

  /// An answer in place of the usual one.
  struct Reply {
    Reply(std::string status_line, std::string answer_body)
        : status(std::move(status_line)), body(std::move(answer_body)) {}
    Reply&& with(const std::string& header) && {
      headers += header + "\r\n";
      return std::move(*this);
    }
    std::string status;   ///< "200 OK"; empty: the connection is cut instead
    std::string headers;  ///< each with its line end
    std::string body;
  };

  /// What a certificate is made from.
  struct Issuance {
    std::size_t order;  ///< its number, from 0
    std::vector<std::string> names;
    std::string request;  ///< the CSR in DER
  };
  /// The answer to a request in place of the usual one; nothing for the usual one.
  using Oddity = std::function<std::optional<Reply>(const Seen&)>;
  /// Makes another answer of the usual one, of which all that it means has come about.
  using Change = std::function<Reply(const Seen&, Reply usual)>;

  FakeCa();
  /// The same over HTTPS.
  FakeCa(const std::string& certificate_pem, const Secret& key_pem);

  std::string directory_url() const { return server_.url("/directory"); }
  std::string url(const std::string& path) const { return server_.url("/" + path); }

  /// The next request to `resource` gets `reply` instead; more of them are used up in order.
  void instead(const std::string& resource, Reply reply);
  /// From now on `oddity` is asked about each request to `resource`; it is called on another thread and must not call
  /// this. An empty one ends that.
  void be_odd(const std::string& resource, Oddity oddity);
  /// From now on the usual answers of `resource` go through `change`, as be_odd().
  void change_answers(const std::string& resource, Change change);
  /// From now on each request to `resource` is worked on twice, as when somebody on the way has sent it again; the
  /// second answer is given. Empty: none.
  void process_twice(std::string resource);
  /// As the usual answer, with `header` added.
  void add_header(const std::string& resource, const std::string& header);
  /// The next so many signed requests are refused by badNonce.
  void refuse_nonces(int count);
  /// The next so many answers to signed requests bring no nonce.
  void withhold_nonces(int count);
  /// Orders take so many polls before they leave `processing`.
  void process_for(int polls);
  /// Called on another thread when a request to `resource` has come, before it is answered.
  void on_request(const std::string& resource, std::function<void()> call);
  void set_directory(const std::string& member, json::Value value);
  /// What certificate downloads give, by resource: "certificate", "alternate".
  void set_pem(const std::string& resource, std::string pem);
  /// Makes what the download of an order's certificate gives, at each download, on another thread.
  void issue_by(std::function<std::string(const Issuance&)> issue);
  /// What the orders say of their end; empty for nothing.
  void set_expires(std::string time);

  /// From now on it knows the account by its key (P-256), believes no other, and does with the account what it is asked
  /// to: a new key, deactivation.
  void keep_account();
  /// The JWK of the account's key, as keep_account() says.
  std::string account_key() const;
  void set_account_key(const crypto::PrivateKey& key);

  /// From now on it is the server of a names' owner (RFC 9115): the account has a delegation with that CSR template,
  /// "delegation/1", and orders of it are ready at once and are renewed by it, at "star/N" (RFC 8739).
  void delegate(json::Object csr_template);
  /// What the owner says of auto-renewal in its orders, in place of what was asked for; null: it renews nothing.
  void agree_to(json::Value auto_renewal);

  std::vector<Seen> seen() const;
  /// How many requests came, to that resource or to any.
  std::size_t count(const std::string& resource = {}) const;
  void forget_seen();
  /// How many orders were made.
  std::size_t orders() const;

 private:
  struct Order {
    std::vector<std::string> names;
    std::vector<bool> proved;
    bool finalized = false;
    std::string request{};  ///< the CSR
    std::string delegation{};
    json::Value auto_renewal{};
  };

  void serve(FakeServer::Connection& connection);
  std::string answer_to(const std::string& request, std::function<void()>& call);
  std::string fault_of(const Seen& seen, const std::string& request, const json::Value& jws);
  Reply usual_answer(const Seen& seen);
  std::optional<Reply> delegation_answer(const Seen& seen);
  std::optional<Reply> account_answer(const Seen& seen);
  std::string account_url() const { return url("account/" + std::to_string(account_)); }
  json::Object order_body(std::size_t number);
  json::Object authorization_body(std::size_t order, std::size_t index);
  json::Object directory_body() const;
  std::string new_nonce();

  mutable std::mutex lock_;
  std::vector<Seen> seen_;
  std::map<std::string, std::deque<Reply>> instead_;
  std::map<std::string, std::string> added_headers_;
  std::map<std::string, std::function<void()>> calls_;
  std::map<std::string, std::string> pems_;
  std::map<std::string, Oddity> oddities_;
  std::map<std::string, Change> changes_;
  std::function<std::string(const Issuance&)> issue_;
  std::optional<json::Object> template_;
  std::optional<json::Value> agreed_;
  std::string processed_twice_;
  std::string expires_ = "2030-01-01T00:00:00Z";
  json::Object directory_changes_;
  std::set<std::string> nonces_;
  std::vector<Order> orders_;
  bool keeps_account_ = false;
  int account_ = 1;
  std::string account_key_;
  bool is_deactivated_ = false;
  int nonces_made_ = 0;
  int refused_nonces_ = 0;
  int withheld_nonces_ = 0;
  int processing_polls_ = 0;
  FakeServer server_;
};

/// A problem document of that type, with the CA's usual media type.
FakeCa::Reply problem(const std::string& status, const std::string& type, const std::string& detail = "because");

}  // namespace acmed::test
