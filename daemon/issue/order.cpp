// SPDX-License-Identifier: Apache-2.0
#include "daemon/issue/order.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/runtime/offload.h"
#include "base/runtime/scope.h"
#include "base/runtime/sleep.h"
#include "daemon/acme/answer.h"
#include "daemon/acme/poll_pace.h"
#include "daemon/issue/abandoned_orders.h"
#include "daemon/issue/chain_check.h"
#include "daemon/issue/delegated_request.h"

namespace acmed::issue {
namespace {

// CAs that validate or issue by hand take hours, but then a later run resumes the order.
constexpr Duration validation_limit = std::chrono::minutes(5);
constexpr Duration issuance_limit = std::chrono::minutes(5);
// Resuming an order saves one that counts against limits, but every way in which it could fail for ever has a limit. An
// order is kept at most this long: no known CA lets one live longer.
constexpr Duration longest_order = std::chrono::hours(24 * 30);
// A new order is made after this many failed reads in a row, when the CA's answers are about the order ...
constexpr unsigned most_unusable = 2;
// ... or when there is no answer, or one about the CA as a whole: that usually passes.
constexpr unsigned most_unknown = 3;
// Also after this many runs that read the order and failed at its authorizations, its completion or its certificate.
constexpr unsigned most_fruitless = 4;
// A certificate may become valid at most this much later; beyond that one of the clocks is wrong.
constexpr Duration clock_tolerance = std::chrono::hours(1);

std::vector<std::string> sorted(std::vector<std::string> names) {
  std::sort(names.begin(), names.end());
  return names;
}

/// For a CA that makes an order invalid without giving a reason.
acme::Problem unexplained() {
  acme::Problem problem;
  problem.type = "invalid";
  problem.detail = "the CA made the order invalid and gave no reason";
  return problem;
}

/// Of an authorization that ends an order; null while it may still be good.
const char* word_for(acme::AuthorizationStatus status) {
  switch (status) {
    case acme::AuthorizationStatus::invalid:
      return "invalid";
    case acme::AuthorizationStatus::deactivated:
      return "deactivated";
    case acme::AuthorizationStatus::expired:
      return "expired";
    case acme::AuthorizationStatus::revoked:
      return "revoked";
    case acme::AuthorizationStatus::pending:
    case acme::AuthorizationStatus::valid:
      break;
  }
  return nullptr;
}

/// Whether the CA says that it renews the certificate no more (RFC 8739 §3.1.2, §3.3).
bool is_renewal_over(const Error& error) {
  return error.cause() == acme::auto_renewal_canceled || error.cause() == acme::auto_renewal_expired;
}

/// When to give up an order in any case: when the CA said so, but no later than the longest life of an order, so that
/// nothing is kept for ever. A time in the past says nothing about an order that is still alive.
std::optional<Time> end_of(const acme::Order& order, Time now) {
  if (!order.expires || *order.expires <= now) return std::nullopt;
  return std::min(*order.expires, now + longest_order);
}

}  // namespace

CertificateOrder::CertificateOrder(JourneyContext& context, const Request& request, store::Certificate& state)
    : context_(context), request_(request), state_(state), log_(request.name) {}

Task<bool> CertificateOrder::open() {
  resumed_ = false;
  finalized_ = false;
  proofs_.clear();
  is_star_ = !state_.order && take_up_star();
  if (is_star_) co_return false;
  if (state_.order) resumed_ = co_await resume(*state_.order);
  if (!resumed_) co_await create();
  if (is_pending() && context_.abandoned != nullptr) context_.abandoned->opened(order_.url, order_.authorizations);
  co_return !resumed_;
}

bool CertificateOrder::is_wanted(const store::OpenOrder& kept) const {
  return kept.account == ca().settings().account_identity() && is_kept_key_wanted(kept) &&
         sorted(kept.domains) == sorted(request_.domains) && kept.delegation == request_.delegation &&
         (!kept.profile || kept.profile == request_.wanted_profile().name);
}

/// The order of the certificate in service gives the next one as well, unless its last one is in service, or its key
/// is to be used no more.
bool CertificateOrder::take_up_star() {
  const auto& star = state_.star;
  if (!star || !state_.issued || !is_wanted(star->order) || state_.issued->not_after >= star->end) return false;
  if (store::revocation_of(state_, state_.issued->generation) != nullptr) return false;
  key_ = crypto::PrivateKey::from_pem(star->order.key_pem);
  order_ = acme::Order();
  order_.url = star->order.url;
  order_.status = acme::OrderStatus::valid;
  order_.certificate = star->certificate_url;
  order_.auto_renewal = acme::AutoRenewal{star->end, star->lifetime};
  order_.allows_get = star->is_public;
  return true;
}

void CertificateOrder::served() {
  if (!is_star_) {
    const auto& former = state_.star;
    const bool has_more = former && former->end - former->lifetime > context_.loop.clock().now();
    if (has_more && context_.abandoned != nullptr) context_.abandoned->add(request_.name, *former);
    state_.star.reset();
    if (state_.order && order_.auto_renewal) {
      state_.star = store::StarOrder{std::move(*state_.order), order_.certificate, order_.allows_get.value_or(false),
                                     order_.auto_renewal->lifetime, order_.auto_renewal->end};
    }
  }
  state_.order.reset();
}

/// Whether the journey resumes an earlier run's order. An order that is certainly useless is forgotten; one that only
/// seems useless is kept until another one has been created: when the CA as a whole is in trouble, that fails as well.
Task<bool> CertificateOrder::resume(store::OpenOrder kept) {
  const auto now = context_.loop.clock().now();
  auto account = ca().settings().account_identity();
  // Versions that did not store the account had one for each directory.
  if (kept.account.key_type.empty())
    kept.account = {kept.account.directory_url, account.external_account, account.key_type};
  if (!is_wanted(kept)) {
    leave(kept);
    state_.order.reset();
    co_return false;
  }
  if (!kept.expires || *kept.expires > now + longest_order) state_.order->expires = now + longest_order;
  if (kept.expires && *kept.expires <= now) {
    log_.info("the order of an earlier run has expired: a new one is made");
    state_.order.reset();
    co_return false;
  }
  if (kept.fruitless >= most_fruitless) {
    log_.info(fmt::format("the order of an earlier run came to no certificate in {} tries: a new one is asked for",
                          kept.fruitless));
    co_return false;
  }
  // A token that is away, or refuses the PIN, says nothing of the order.
  if (request_.key) key_ = co_await new_key();
  try {
    if (!request_.key) key_ = crypto::PrivateKey::from_pem(kept.key_pem);
    order_ = co_await ca().order(kept.url);
  } catch (const Error& error) {
    if (!key_ || acme::verdict_on(error) == acme::Verdict::gone) {
      log_.info(fmt::format("the order of an earlier run is gone, a new one is made: {}", error.what()));
      state_.order.reset();
      co_return false;
    }
    const auto failures = ++state_.order->failures;
    const bool may_pass = acme::verdict_on(error) == acme::Verdict::unknown;
    if (failures < (may_pass ? most_unknown : most_unusable)) throw;
    log_.info(fmt::format("the order of an earlier run could not be read in {} tries, a new one is asked for: {}",
                          failures, error.what()));
    co_return false;
  }
  state_.order->failures = 0;
  if (order_.status == acme::OrderStatus::invalid || order_.status == acme::OrderStatus::canceled) {
    give_up();
    co_return false;
  }
  if (const auto end = end_of(order_, now)) state_.order->expires = end;
  if (!is_pending()) state_.order->validating = false;
  log_.info("goes on with the order of an earlier run");
  co_return true;
}

Task<> CertificateOrder::create() {
  key_ = co_await new_key();
  order_ = co_await new_order();
  // One that came to nothing; a CA may have answered with that very order.
  if (state_.order && state_.order->url != order_.url) leave(*state_.order);
  const auto now = context_.loop.clock().now();
  state_.order = store::OpenOrder{
      ca().settings().account_identity(),         order_.url,       key_->to_keep(),
      std::string(crypto::to_text(key_->type())), request_.domains, end_of(order_, now).value_or(now + longest_order)};
  state_.order->profile = request_.wanted_profile().name;
  state_.order->delegation = request_.delegation;
  context_.observer.ordered(request_.name, ca().settings().name, order_.url, request_.domains.size());
}

/// What does not fit a delegation is told before anything is ordered. No certificate is said to be replaced: the CA
/// that would have to know it is another one.
Task<acme::Order> CertificateOrder::new_order() {
  if (request_.delegation.empty()) {
    co_return co_await ca().new_order(request_.domains, replaced(), request_.wanted_profile());
  }
  delegation_ = co_await ca().delegation(request_.delegation);
  request_for(delegation_->request, request_.key_type, request_.domains);
  co_return co_await ca().new_delegated_order(request_.domains, delegation_->url);
}

/// Of one that was made ahead, or stays in a token, there is no other.
Task<crypto::PrivateKey> CertificateOrder::new_key() {
  if (request_.key) co_return co_await context_.keys.held(*request_.key);
  const auto* next = state_.dane && state_.dane->next_key ? &*state_.dane->next_key : nullptr;
  if (next != nullptr && next->key_type == crypto::to_text(request_.key_type)) {
    co_return crypto::PrivateKey::from_pem(next->pem);
  }
  co_return co_await context_.keys.generate(request_.key_type);
}

bool CertificateOrder::is_kept_key_wanted(const store::OpenOrder& kept) const {
  if (request_.key) return kept.key_pem.reveal() == request_.key->uri;
  return kept.key_type == crypto::to_text(request_.key_type);
}

/// The CertID of the certificate that this order is to replace; empty when there is none, or it is another CA's.
std::string CertificateOrder::replaced() const {
  const bool is_of_ca = state_.issued && state_.issued->directory_url == ca().settings().directory_url;
  return is_of_ca && state_.renewal ? state_.renewal->certificate_id : std::string();
}

void CertificateOrder::give_up() {
  if (state_.order && is_pending()) leave(*state_.order);
  state_.order.reset();
}

void CertificateOrder::leave(const store::OpenOrder& order) const {
  if (context_.abandoned != nullptr) context_.abandoned->add(order);
}

Task<> CertificateOrder::counted(Task<> part) {
  try {
    co_await std::move(part);
  } catch (const Error& error) {
    count(error);
    throw;
  }
}

void CertificateOrder::count(const Error& failure) {
  if (state_.order && acme::verdict_on(failure) != acme::Verdict::unknown) ++state_.order->fruitless;
}

void CertificateOrder::proves(const std::string& authorization_url) {
  proofs_.emplace(authorization_url, ca().under_way().proof(authorization_url));
}

Task<> CertificateOrder::respond(std::vector<Challenged> challenged) {
  std::vector<Task<>> responses;
  for (auto& one : challenged) responses.push_back(respond_to(std::move(one)));
  co_await when_all(std::move(responses));
}

Task<> CertificateOrder::respond_to(Challenged one) {
  std::exception_ptr failure;
  try {
    co_await ca().respond(one.challenge_url);
  } catch (const Error& error) {
    if (error.advice() == Error::Advice::throttled) throw;
    failure = std::current_exception();
  }
  if (failure) {
    const bool is_taken = co_await has_been_taken(std::move(one));
    if (!is_taken) std::rethrow_exception(failure);
  }
  if (state_.order) state_.order->validating = true;
}

/// Whether the CA works on a response that it did not confirm: it may take one and then fail, or its answer may be
/// lost.
Task<bool> CertificateOrder::has_been_taken(Challenged one) {
  try {
    const auto authorization = co_await ca().authorization(one.authorization_url);
    const auto* challenge = authorization.challenge(one.type);
    co_return authorization.status != acme::AuthorizationStatus::pending ||
        (challenge != nullptr && challenge->status != "pending");
  } catch (const Error& error) {
    log_.debug(error.what());  // the failure that led here says more
    co_return false;
  }
}

Task<> CertificateOrder::await_valid(std::vector<Challenged> challenged) {
  std::vector<std::string> urls;
  for (const auto& one : challenged) urls.push_back(one.authorization_url);
  bool all_valid = false;
  co_await await_result(std::move(challenged), poll_authorizations(std::move(urls), &all_valid));
  if (all_valid) co_return;
  order_ = co_await ca().order(order_.url);
  co_await explain_invalid();
}

Task<> CertificateOrder::await_ready(std::vector<Challenged> challenged) {
  co_await await_result(std::move(challenged), poll_order());
  if (order_.status == acme::OrderStatus::invalid) co_await explain_invalid();
  context_.observer.validated(request_.name);
}

Task<> CertificateOrder::poll_order() {
  order_ = co_await ca().order_leaves_pending(order_.url, validation_limit);
}

Task<> CertificateOrder::poll_authorizations(std::vector<std::string> urls, bool* all_valid) {
  std::vector<Task<acme::Authorization>> polls;
  for (const auto& url : urls) polls.push_back(ca().authorization_leaves_pending(url, validation_limit));
  const auto authorizations = co_await when_all(std::move(polls));
  *all_valid = std::ranges::all_of(authorizations, [](const acme::Authorization& authorization) {
    return authorization.status == acme::AuthorizationStatus::valid;
  });
}

/// Completes when the CA has come to a result. It may validate on after a failure that is not its word on the names.
Task<> CertificateOrder::await_result(std::vector<Challenged> challenged, Task<> poll) {
  Validation validation(ca(), request_.name, std::move(challenged));
  bool is_over = false;
  try {
    is_over = co_await validation.accompany(std::move(poll));
  } catch (const acme::ProblemError&) {
    state_.order->validating = false;
    throw;
  }
  state_.order->validating = false;
  if (!is_over) co_await explain_invalid();
}

/// Throws the errors that the CA found, one authorization after another, and deactivates those still pending. The order
/// can never become ready any more, whatever its own status (RFC 8555 §7.1.6).
Task<> CertificateOrder::explain_invalid() {
  state_.order.reset();
  acme::Problem problem = order_.error.value_or(acme::Problem{});
  std::vector<acme::Problem> found(order_.authorizations.size());
  std::vector<Task<>> looks;
  for (std::size_t i = 0; i < found.size(); ++i)
    looks.push_back(close_authorization(order_.authorizations[i], &found[i]));
  co_await when_all(std::move(looks));
  for (auto& sub : found) {
    if (sub.type.empty()) continue;
    if (problem.type.empty()) problem.type = sub.type;
    problem.subproblems.push_back(std::move(sub));
  }
  if (problem.type.empty()) problem = unexplained();
  throw acme::ProblemError("validate the names", std::move(problem), std::nullopt);
}

/// Finds out why an authorization failed; deactivates it when it is still pending. A failure here hides nothing.
Task<> CertificateOrder::close_authorization(std::string url, acme::Problem* found) {
  try {
    const auto authorization = co_await ca().authorization(url);
    if (const auto* said = order_.error ? nullptr : word_for(authorization.status)) {
      found->type = unexplained().type;
      found->detail = fmt::format("its authorization is {}, and the CA gave no reason", said);
    }
    for (const auto& challenge : authorization.challenges) {
      if (challenge.error) *found = *challenge.error;
    }
    if (!found->type.empty()) found->identifier = (authorization.wildcard ? "*." : "") + authorization.identifier;
    proofs_.erase(url);
    const bool is_shared = ca().under_way().is_being_proved(url);
    const bool is_pending = authorization.status == acme::AuthorizationStatus::pending;
    if (is_pending && !is_shared) co_await ca().deactivate_authorization(url);
  } catch (const Error& error) {
    log_.debug(error.what());
  }
}

/// A star certificate that is ours no more, or comes no more, is a reason for a new order.
Task<std::vector<crypto::Certificate>> CertificateOrder::next_certificate() {
  std::string why;
  try {
    auto chain = co_await download();
    require_another(chain.front());
    co_return chain;
  } catch (const WrongCertificate& error) {
    why = error.what();
  } catch (const Error& error) {
    if (!is_renewal_over(error) && acme::verdict_on(error) != acme::Verdict::gone) throw;
    why = error.what();
  }
  state_.star.reset();
  log_.warning(fmt::format("the CA renews the certificate no more, and the one in service ends at {}: {}",
                           to_rfc3339(state_.issued->not_after), why));
  throw SpentOrder("the CA renews the certificate no more");
}

/// The next one has to be there when half of the time to the end of this one is over (RFC 8739 §3.5).
void CertificateOrder::require_another(const crypto::Certificate& leaf) const {
  const auto& issued = *state_.issued;
  if (leaf.serial() != issued.serial) return;
  const auto now = context_.loop.clock().now();
  const auto lifetime = order_.auto_renewal->lifetime;
  const auto due = issued.not_after - lifetime / 2;
  const auto next = std::max(due, now + std::max<Duration>(lifetime / 20, std::chrono::seconds(1)));
  throw Retry("acme:no-next-certificate",
              fmt::format("the CA, which renews the certificate by itself, {} the one after that in service, which "
                          "ends at {}; the next look is at {}",
                          now < due ? "need not have published yet" : "has not published yet, as it should have,",
                          to_rfc3339(issued.not_after), to_rfc3339(next)),
              next);
}

Task<std::vector<crypto::Certificate>> CertificateOrder::certificate(Semaphore::Permit) {
  if (is_star_) co_return co_await next_certificate();
  if (!state_.order) throw Retry("internal", "the order was given up before the certificate was there");
  try {
    co_return co_await obtain();
  } catch (const WrongCertificate& error) {
    give_up();  // the same order with the same key would end in the same way
    if (finalized_) throw;
    throw SpentOrder(fmt::format("the order was finalized by another request than ours: {}", error.what()));
  } catch (const Error& error) {
    count(error);
    throw;
  }
}

Task<std::vector<crypto::Certificate>> CertificateOrder::obtain() {
  if (order_.status == acme::OrderStatus::pending) {
    // Every authorization was already valid, and the CA has yet to notice.
    order_ = co_await ca().order_leaves_pending(order_.url, validation_limit);
  }
  if (order_.status == acme::OrderStatus::ready) co_await finalize();
  const bool is_valid = order_.status == acme::OrderStatus::valid && !order_.certificate.empty();
  if (!is_valid && order_.status != acme::OrderStatus::invalid) co_await await_end();
  if (order_.status == acme::OrderStatus::invalid && order_.allows_get == false) {
    give_up();
    throw Error(Error::Advice::refused, "acme:allow-certificate-get",
                "the server has no certificate for us: its CA does not let certificates be downloaded by GET, which "
                "delegated ones need (RFC 9115 section 2.3.2); ask who delegates the names to use another CA",
                std::nullopt, Party::ca);
  }
  if (order_.status == acme::OrderStatus::invalid) {
    give_up();
    throw acme::ProblemError("issue the certificate", order_.error.value_or(unexplained()), std::nullopt);
  }
  co_return co_await download();
}

Task<std::string> CertificateOrder::csr() {
  if (request_.delegation.empty()) {
    co_return co_await context_.keys.csr(key(), request_.domains, ca().settings().common_name_of(request_.domains));
  }
  if (!delegation_) delegation_ = co_await ca().delegation(request_.delegation);
  auto content = request_for(delegation_->request, request_.key_type, request_.domains);
  co_return co_await context_.keys.csr_saying(key(), std::move(content));
}

/// Sends the CSR. The CA's answer may concern an order that it has already finalized (the answer to an earlier run was
/// lost), or come from a server that does not know yet that the order is ready: the order itself shows which.
Task<> CertificateOrder::finalize() {
  if (order_.finalize.empty()) {
    throw acme::AnswerError(acme::odd_answer, "the CA's order is ready, but names no URL to finalize it",
                            acme::http_ok);
  }
  const auto csr = co_await this->csr();
  for (std::size_t looks = 0;; ++looks) {
    std::exception_ptr refusal;
    bool is_early = false;
    try {
      order_ = co_await ca().finalize(order_, csr);
      finalized_ = true;
      co_return;
    } catch (const Error& error) {
      if (acme::verdict_on(error) == acme::Verdict::unknown) throw;
      refusal = std::current_exception();
      is_early = error.cause() == acme::order_not_ready;
    }
    order_ = co_await ca().order(order_.url);
    if (order_.status == acme::OrderStatus::invalid) {
      give_up();
      if (!order_.error) std::rethrow_exception(refusal);
    }
    if (order_.status != acme::OrderStatus::ready && order_.status != acme::OrderStatus::pending) co_return;
    if (!is_early || looks == acme::second_looks.size()) std::rethrow_exception(refusal);
    co_await sleep_for(acme::second_looks[looks]);
  }
}

/// A CA may be in processing of an order that nobody has finalized yet: then it is ready afterwards.
Task<> CertificateOrder::await_end() {
  std::exception_ptr odd;
  try {
    order_ = co_await ca().order_ends(order_, issuance_limit);
    co_return;
  } catch (const acme::AnswerError&) {
    if (finalized_) throw;
    odd = std::current_exception();
  }
  order_ = co_await ca().order(order_.url);
  if (order_.status != acme::OrderStatus::ready) std::rethrow_exception(odd);
  co_await finalize();
  order_ = co_await ca().order_ends(order_, issuance_limit);
}

/// Downloads until the result can be used: not all of the CA's servers may have the certificate yet, and intermediaries
/// may deliver half of it. If it never can, order and key stay for the next run.
Task<std::vector<crypto::Certificate>> CertificateOrder::download() {
  for (const auto pause : acme::second_looks) {
    try {
      co_return co_await usable_certificate();
    } catch (const Error& error) {
      if (is_renewal_over(error) || !acme::is_worth_another_look(error)) throw;
      log_.debug(error.what());
    }
    co_await sleep_for(pause);
  }
  co_return co_await usable_certificate();
}

Task<std::vector<crypto::Certificate>> CertificateOrder::usable_certificate() {
  const bool is_public = order_.allows_get.value_or(false);
  auto sent = is_public ? co_await ca().public_certificate(order_.certificate)
                        : co_await ca().certificate(order_.certificate, request_.preferred_chain);
  const auto now = context_.loop.clock().now();
  auto checked = co_await offload([sent = std::move(sent), key = key(), names = request_.domains, now] {
    return check_chain(sent, key, names, now);
  });
  require_begun(checked.certificates.front());
  for (const auto& remark : checked.remarks) log_.warning(remark);
  co_return std::move(checked.certificates);
}

/// A certificate that clients do not accept yet waits while the one in service is good: one of the clocks is wrong.
void CertificateOrder::require_begun(const crypto::Certificate& leaf) const {
  const auto begin = leaf.not_before();
  if (begin <= context_.loop.clock().now() + clock_tolerance) return;
  const auto sentence =
      fmt::format("the CA's certificate is valid from {} on only: look at this host's clock", to_rfc3339(begin));
  if (!state_.issued || state_.issued->not_after <= begin) {
    log_.warning(sentence);
    return;
  }
  throw Retry("acme:not-yet-valid", sentence + "; until then the certificate in service stays", begin);
}

}  // namespace acmed::issue
