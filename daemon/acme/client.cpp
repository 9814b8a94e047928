// SPDX-License-Identifier: Apache-2.0
#include "daemon/acme/client.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "base/ascii.h"
#include "base/crypto/encoding.h"
#include "base/crypto/jws.h"
#include "base/foreign_text.h"
#include "base/http/url.h"
#include "base/log.h"
#include "base/runtime/scope.h"
#include "base/runtime/sleep.h"
#include "daemon/acme/answer.h"
#include "daemon/acme/chain_choice.h"
#include "daemon/acme/poll_pace.h"
#include "daemon/acme/session.h"

namespace acmed::acme {
namespace {

constexpr std::size_t longest_url = 200;
constexpr std::size_t longest_names = 300;
/// The account's URL is part of each request.
constexpr std::size_t longest_location = std::size_t{2} * 1024;
/// How often an order that seems to be gone is requested again; an order resumed after a restart often is gone.
constexpr std::size_t further_looks_at_an_order = 2;
/// Of an account.
constexpr std::size_t most_delegations = 100;
constexpr std::size_t most_pages = 20;

/// The URL of what was created; never part of the body (RFC 8555 §7.3, §7.4).
std::string require_location(const std::string& doing, const http::Response& response) {
  const auto location = response.header("location");
  if (location && !location->empty() && location->size() <= longest_location) {
    return http::resolved(response.url, *location);
  }
  throw unexpected_answer(doing, response.url, response, "a Location");
}

std::vector<std::string> sorted(std::vector<std::string> names) {
  std::ranges::sort(names);
  const auto repeated = std::ranges::unique(names);
  names.erase(repeated.begin(), repeated.end());
  return names;
}

/// An order may leave out its identifiers, but not have others.
void require_ordered(const Order& order, std::vector<std::string> names) {
  for (auto& name : names) name = ascii_lower(name);
  if (order.authorizations.size() > names.size()) {
    throw AnswerError(odd_answer,
                      fmt::format("the CA made an order with {} authorizations for {} names",
                                  order.authorizations.size(), names.size()),
                      http_ok);
  }
  if (order.identifiers.empty() || sorted(order.identifiers) == sorted(names)) return;
  throw AnswerError(odd_answer,
                    fmt::format("the CA made an order for other names than those that were asked for: {}",
                                one_line(fmt::format("{}", fmt::join(order.identifiers, ", ")), longest_names)),
                    http_ok);
}

Account read_account(const std::string& doing, const http::Response& response) {
  Account account{require_location(doing, response)};
  const auto status = json::parse(response.body).value_or(json::Value())["status"].text_or();
  if (status == "deactivated") account.status = AccountStatus::deactivated;
  if (status == "revoked") account.status = AccountStatus::revoked;
  return account;
}

/// RFC 8555 §7.3.4: the account's public key, signed by the key that the CA gave out of band.
json::Object bind_external_account(const std::string& key_id, const Secret& hmac_key, const crypto::PrivateKey& key,
                                   const std::string& new_account_url) {
  return crypto::jws_hs256(hmac_key, {{"kid", key_id}, {"url", new_account_url}}, json::dump(key.jwk()));
}

/// `hmac_key`: of the external account, where there is one.
PayloadFor account_payload(const NewAccount& account, const Secret& hmac_key, const crypto::PrivateKey& key) {
  json::Object payload;
  if (!account.contact.empty()) payload["contact"] = json::Array(account.contact.begin(), account.contact.end());
  if (account.terms_agreed) payload["termsOfServiceAgreed"] = true;
  return [payload, key, hmac_key, binding = account.external_account](const std::string& url) {
    auto bound = payload;
    if (binding) bound["externalAccountBinding"] = bind_external_account(binding->key_id, hmac_key, key, url);
    return json::dump(bound);
  };
}

json::Object order_payload(const std::vector<std::string>& names) {
  json::Array identifiers;
  for (const auto& name : names) identifiers.push_back(json::Object{{"type", "dns"}, {"value", ascii_lower(name)}});
  return {{"identifiers", std::move(identifiers)}};
}

}  // namespace

Client::Client(http::Client& http, const Clock& clock, crypto::Keys& keys, crypto::PrivateKey key,
               const Location& location, std::optional<Directory> known_directory)
    : session_(std::make_unique<Session>(http, clock, keys, std::move(key), location, std::move(known_directory))) {}

void Client::tell(Listener listener) {
  session_->tell(std::move(listener));
}

Client::~Client() = default;

Task<Directory> Client::directory() {
  return session_->directory();
}

void Client::forget_directory() {
  session_->forget_directory();
}

Task<Account> Client::register_account(NewAccount wanted) {
  const std::string doing = "register an account";
  const auto known = co_await session_->directory();
  if (known.external_account_required && !wanted.external_account) {
    throw Refused("acme:externalAccountRequired",
                  fmt::format("CA {} wants an external account binding: set eab = {{ kid = ..., hmac_key = ... }} in "
                              "its [ca] section",
                              one_line(known.new_account, longest_url)));
  }
  Secret hmac_key;
  if (wanted.external_account) hmac_key = co_await wanted.external_account->hmac_key.current();
  const auto response = co_await session_->post_to(
      doing, &Directory::new_account, account_payload(wanted, hmac_key, session_->key()), Session::SignedBy::key);
  const auto account = read_account(doing, response);
  session_->use_account(account.url);
  co_return account;
}

Task<std::optional<Account>> Client::find_account() {
  const std::string doing = "find the account";
  const PayloadFor payload = [text = json::dump(json::Object{{"onlyReturnExisting", true}})](const std::string&) {
    return text;
  };
  try {
    const auto response = co_await session_->post_to(doing, &Directory::new_account, payload, Session::SignedBy::key);
    co_return read_account(doing, response);
  } catch (const ProblemError& error) {
    const auto& type = error.problem().type;
    if (type == problem_type::account_does_not_exist) co_return std::nullopt;
    // How CAs answer for the key of a deactivated account: it is its only account for ever.
    if (type == problem_type::unauthorized) co_return Account{"", AccountStatus::deactivated};
    throw;
  }
}

Task<> Client::update_contact(std::vector<std::string> contact) {
  const json::Object payload{{"contact", json::Array(contact.begin(), contact.end())}};
  co_await session_->post("change the account's contact", session_->account_url(), json::dump(payload));
}

void Client::use_account(Account account) {
  session_->use_account(std::move(account.url));
}

Task<> Client::change_key(crypto::PrivateKey key) {
  const auto known = co_await session_->directory();
  if (known.key_change.empty()) {
    throw Error(
        Error::Advice::refused, "acme:keyChange",
        fmt::format("CA {} does not offer to change the key of an account", one_line(known.new_account, longest_url)),
        std::nullopt, Party::ca);
  }
  // RFC 8555 §7.3.5: the new key signs what the former one signs once more; only the outer request has a nonce.
  const json::Object wish{{"account", session_->account_url()}, {"oldKey", session_->key().jwk()}};
  const crypto::UnsignedJws inner({{"jwk", key.jwk()}, {"url", known.key_change}}, key.jws_algorithm(),
                                  json::dump(wish));
  const auto signature = co_await session_->keys().sign(key, inner.signing_input());
  const auto failure = std::make_shared<std::exception_ptr>();
  const bool has_it = co_await session_->with_key_changing(
      key, request_key_change(json::dump(inner.with_signature(signature)), key, failure));
  if (!has_it) std::rethrow_exception(*failure);
}

/// Whether the account has the key afterwards; `failure` says why not. Throws when that is not known.
Task<bool> Client::request_key_change(std::string payload, crypto::PrivateKey key,
                                      std::shared_ptr<std::exception_ptr> failure) {
  bool was_answered = false;
  try {
    co_await session_->post_while_changing(
        "change the account's key", &Directory::key_change, [payload](const std::string&) { return payload; },
        std::nullopt);
    co_return true;
  } catch (const Error& error) {
    *failure = std::current_exception();
    was_answered = verdict_on(error) != Verdict::unknown;
  }
  // Also after a refusal: a request that came twice is refused the second time, since the former key has gone.
  for (std::size_t looks = 0;; ++looks) {
    try {
      const bool has_it = co_await has_account(key);
      // Where nobody answered, the CA may still be at it.
      if (has_it || was_answered || looks == second_looks.size()) co_return has_it;
    } catch (const Error& error) {
      log::debug(error.what());
      if (looks == second_looks.size()) std::rethrow_exception(*failure);
    }
    co_await sleep_for(second_looks[looks]);
  }
}

Task<bool> Client::has_account(crypto::PrivateKey key) {
  const std::string doing = "find the account";
  const PayloadFor payload = [text = json::dump(json::Object{{"onlyReturnExisting", true}})](const std::string&) {
    return text;
  };
  try {
    const auto response = co_await session_->post_while_changing(doing, &Directory::new_account, payload, key);
    co_return read_account(doing, response).url == session_->account_url();
  } catch (const ProblemError& error) {
    if (error.problem().type == problem_type::account_does_not_exist) co_return false;
    throw;
  }
}

bool Client::key_is_in_doubt() const noexcept {
  return session_->key_is_in_doubt();
}

Task<> Client::deactivate_account() {
  try {
    const auto response = co_await session_->post("deactivate the account", session_->account_url(),
                                                  json::dump(json::Object{{"status", "deactivated"}}));
    if (json::parse(response.body).value_or(json::Value())["status"].text_or() == "deactivated") co_return;
  } catch (const ProblemError& error) {
    if (error.problem().type != problem_type::unauthorized) throw;
  }
  // What is refused as unauthorized may be so because it was deactivated before, or for another reason.
  const auto found = co_await find_account();
  if (found && found->status == AccountStatus::valid) {
    throw AnswerError(odd_answer, "the CA has taken the deactivation of the account, but says that it is valid",
                      http_ok);
  }
}

Task<> Client::revoke(std::string certificate_der, RevocationReason reason) {
  return request_revocation(std::move(certificate_der), reason, false);
}

Task<> Client::revoke_by_key(std::string certificate_der, RevocationReason reason) {
  return request_revocation(std::move(certificate_der), reason, true);
}

Task<> Client::request_revocation(std::string certificate_der, RevocationReason reason, bool by_key) {
  const auto known = co_await session_->directory();
  if (known.revoke_certificate.empty()) {
    throw Error(Error::Advice::refused, "acme:revokeCert",
                fmt::format("CA {} does not offer to revoke certificates by ACME: ask it in the way that it names",
                            one_line(known.new_account, longest_url)),
                std::nullopt, Party::ca);
  }
  json::Object payload{{"certificate", crypto::base64url(certificate_der)}};
  // RFC 5280 §5.3.1 would have no reason at all in the list instead of this one.
  if (reason != RevocationReason::unspecified) payload["reason"] = static_cast<std::int64_t>(reason);
  try {
    co_await session_->post_to(
        "revoke a certificate", &Directory::revoke_certificate,
        [text = json::dump(payload)](const std::string&) { return text; },
        by_key ? Session::SignedBy::key : Session::SignedBy::account);
  } catch (const ProblemError& error) {
    // Some CAs say so by the status alone.
    if (error.problem().type != problem_type::already_revoked && error.problem().status != 409) throw;
  }
}

Task<Order> Client::new_order(std::vector<std::string> names, std::optional<std::string> profile,
                              std::string replaces) {
  auto payload = order_payload(names);
  if (profile) payload["profile"] = *profile;
  if (!replaces.empty()) payload["replaces"] = std::move(replaces);
  return request_order(std::move(names), json::dump(payload));
}

Task<Order> Client::request_order(std::vector<std::string> names, std::string payload) {
  const std::string doing = "order a certificate";
  std::optional<http::Response> answer;
  std::vector<Task<>> order_and_nonces;
  order_and_nonces.push_back(scope_detail::store_result(
      session_->post_to(
          doing, &Directory::new_order, [payload](const std::string&) { return payload; }, Session::SignedBy::account),
      &answer));
  // The authorizations are asked for at once afterwards.
  order_and_nonces.push_back(session_->stock_nonces(names.size()));
  try {
    co_await when_all(std::move(order_and_nonces));
  } catch (const Cancelled&) {
    if (!answer) throw;  // an order that was made is told of
  }
  const auto response = result_in(answer);
  const auto url = require_location(doing, response);
  auto order = Order::from_json(read_json(doing, url, response), response.url);
  order.url = url;
  require_ordered(order, std::move(names));
  co_return order;
}

Task<std::vector<std::string>> Client::delegations() {
  const std::string doing = "read the list of delegations";
  const auto account = co_await session_->post("read the account", session_->account_url(), "");
  auto page = http::resolved(account.url, read_json(doing, account.url, account)["delegations"].text_or());
  std::vector<std::string> urls;
  for (std::size_t pages = 0; !page.empty() && pages < most_pages; ++pages) {
    const auto response = co_await session_->post(doing, page, "");
    for (const auto& url : read_json(doing, page, response)["delegations"].texts()) {
      if (urls.size() < most_delegations) urls.push_back(http::resolved(page, url));
    }
    const auto next = response.links("next");
    page = next.empty() ? std::string() : http::resolved(page, next.front());
  }
  co_return urls;
}

Task<Delegation> Client::delegation(std::string url) {
  const std::string doing = "read the delegation";
  const auto response = co_await session_->post(doing, url, "");
  co_return Delegation{url, CsrTemplate::from_json(read_json(doing, url, response)["csr-template"])};
}

Task<Order> Client::new_delegated_order(std::vector<std::string> names, std::string delegation_url,
                                        std::optional<AutoRenewal> wish) {
  auto payload = order_payload(names);
  payload["delegation"] = std::move(delegation_url);
  if (wish) {
    payload["auto-renewal"] = json::Object{{"end-date", to_rfc3339(wish->end)},
                                           {"lifetime", std::int64_t{wish->lifetime.count()}},
                                           {"allow-certificate-get", true}};
  } else {
    payload["allow-certificate-get"] = true;
  }
  auto order = co_await request_order(std::move(names), json::dump(payload));
  if (order.authorizations.empty()) co_return order;
  throw AnswerError(odd_answer,
                    fmt::format("the server wants proofs for the order {} of delegated names, which their owner proves "
                                "itself: ask who runs it",
                                one_line(order.url, longest_url)),
                    http_ok);
}

Task<std::optional<RenewalInfo>> Client::renewal_info(std::string certificate_id) {
  const std::string doing = "ask when to renew";
  const auto known = co_await session_->directory();
  if (known.renewal_info.empty()) co_return std::nullopt;
  const auto response = co_await session_->get(doing, renewal_info_url(known.renewal_info, certificate_id));
  co_return RenewalInfo::from_response(doing, response, session_->clock().now());
}

/// A POST-as-GET for something that the CA has told us of: not all of its servers may know it yet.
Task<http::Response> Client::look(std::string doing, std::string url, std::size_t most_further_looks) {
  for (std::size_t i = 0; i < most_further_looks; ++i) {
    try {
      co_return co_await session_->post(doing, url, "");
    } catch (const Error& error) {
      if (verdict_on(error) != Verdict::gone) throw;
    }
    co_await sleep_for(second_looks[i]);
  }
  co_return co_await session_->post(doing, url, "");
}

Task<Order> Client::order(std::string url) {
  const std::string doing = "read the order";
  const auto response = co_await look(doing, url, further_looks_at_an_order);
  co_return Order::from_json(read_json(doing, url, response), url);
}

Task<Authorization> Client::authorization(std::string url) {
  const std::string doing = "read an authorization";
  const auto response = co_await look(doing, url, second_looks.size());
  co_return Authorization::from_json(read_json(doing, url, response), url);
}

Task<> Client::deactivate_authorization(std::string url) {
  co_await session_->post("deactivate an authorization", url, json::dump(json::Object{{"status", "deactivated"}}));
}

Task<> Client::cancel_renewal(std::string order_url) {
  co_await session_->post("cancel an order", order_url, json::dump(json::Object{{"status", "canceled"}}));
}

Task<> Client::respond(std::string challenge_url) {
  try {
    co_await session_->post("respond to a challenge", challenge_url, "{}");
  } catch (const ProblemError& error) {
    // What CAs answer when the challenge is no longer pending: it was responded to before. The order shows the outcome.
    if (error.problem().type != problem_type::malformed) throw;
  }
}

Task<Order> Client::order_leaves(std::string url, OrderStatus status, Duration limit, std::optional<Time> ask_again) {
  return leaves<Order>({"read the order", "the order", std::string(to_text(status))}, std::move(url), status, limit,
                       ask_again);
}

Task<Authorization> Client::authorization_leaves_pending(std::string url, Duration limit) {
  return leaves<Authorization>({"read an authorization", "the authorization", "pending"}, std::move(url),
                               AuthorizationStatus::pending, limit, std::nullopt);
}

template <class Resource>
Task<Resource> Client::leaves(PollWords words, std::string url, decltype(Resource::status) status, Duration limit,
                              std::optional<Time> ask_again) {
  const Clock& clock = session_->clock();
  const Moment start = clock.moment();
  const PollPace pace(session_->round_trip(), limit);
  std::size_t odd_answers = 0;
  for (;;) {
    std::optional<Duration> named;
    if (ask_again) named = *ask_again - clock.now();
    const auto pause = pace.pause(clock.moment() - start, named);
    if (!pause) {
      const auto wish = ask_again && *ask_again > clock.now()
                            ? fmt::format("; the CA asked to be asked again at {}", to_rfc3339(*ask_again))
                            : std::string();
      throw Error(Error::Advice::retry, timeout,
                  fmt::format("{} {} is still {} after {}{}", words.what, one_line(url, longest_url), words.still,
                              acmed::to_text(clock.moment() - start), wish),
                  ask_again, Party::ca);
    }
    co_await sleep_for(*pause);
    try {
      const auto response = co_await session_->post(words.doing, url, "");
      auto resource = Resource::from_json(read_json(words.doing, url, response), url);
      if (resource.status != status) co_return resource;
      ask_again = retry_after(response, clock.now());
      odd_answers = 0;
    } catch (const Error& error) {
      if (!is_worth_another_look(error) || odd_answers == second_looks.size()) throw;
      ask_again = clock.now() + second_looks[odd_answers++];
    }
  }
}

Task<Order> Client::order_ends(Order order, Duration limit) {
  for (std::size_t looks = 0;; ++looks) {
    order = co_await order_leaves(order.url, OrderStatus::processing, limit, order.ask_again);
    const bool is_valid = order.status == OrderStatus::valid;
    if (order.status == OrderStatus::invalid || (is_valid && !order.certificate.empty())) co_return order;
    if (looks == second_looks.size()) {
      throw AnswerError(odd_answer,
                        fmt::format("the CA has the order {} finalized, but says again and again that it is {}{}",
                                    one_line(order.url, longest_url), to_text(order.status),
                                    is_valid ? " without naming its certificate" : ""),
                        http_ok);
    }
    co_await sleep_for(second_looks[looks]);
  }
}

Task<Order> Client::finalize(Order ready, std::string csr_der) {
  const std::string doing = "finalize the order";
  const auto payload = json::dump(json::Object{{"csr", crypto::base64url(csr_der)}});
  const auto response = co_await session_->post(doing, ready.finalize, payload);
  auto order = Order::from_json(read_json(doing, ready.finalize, response), response.url);
  order.url = ready.url;
  order.ask_again = retry_after(response, session_->clock().now());
  co_return order;
}

Task<Client::Download> Client::certificate(std::string url, std::string preferred_chain) {
  const std::string doing = "download the certificate";
  const auto response = co_await session_->post(doing, url, "");
  auto chain = read_chain(doing, url, response);
  if (preferred_chain.empty()) co_return Download{std::move(chain)};
  auto best = fit_of(chain, preferred_chain);
  std::optional<std::vector<crypto::Certificate>> better;
  auto offered = described(chain);
  for (const auto& alternate_url : alternates(response)) {
    if (best == Fit::top) break;
    try {
      const auto alternate = co_await session_->post(doing, alternate_url, "");
      auto other_chain = read_chain(doing, alternate_url, alternate);
      const auto fit = fit_of(other_chain, preferred_chain);
      offered += ", " + described(other_chain);
      if (fit <= best) continue;
      best = fit;
      better = std::move(other_chain);
    } catch (const Error& error) {
      // We already have a certificate: a fault in an alternate chain must not cost us that.
      log::warning(fmt::format("an alternate chain is passed over: {}", error.what()));
    }
  }
  if (better) co_return Download{*std::move(better)};
  if (best != Fit::none) offered.clear();
  co_return Download{std::move(chain), std::move(offered)};
}

Task<std::vector<crypto::Certificate>> Client::public_certificate(std::string url) {
  const std::string doing = "download the certificate";
  const auto response = co_await session_->get(doing, url);
  co_return read_chain(doing, url, response);
}

std::string Client::key_authorization(const std::string& token) const {
  return token + "." + session_->key().jwk_thumbprint();
}

}  // namespace acmed::acme
