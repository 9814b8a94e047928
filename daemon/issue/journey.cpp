// SPDX-License-Identifier: Apache-2.0
#include "daemon/issue/journey.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/log.h"
#include "base/runtime/offload.h"
#include "base/runtime/scope.h"
#include "base/runtime/sleep.h"
#include "config/names.h"
#include "daemon/acme/answer.h"
#include "daemon/acme/poll_pace.h"
#include "daemon/issue/chain_check.h"
#include "daemon/issue/rounds.h"

namespace acmed::issue {
namespace {

// CAs that validate or issue by hand take hours, but then a later run takes the order up again.
constexpr Duration validation_limit = std::chrono::minutes(5);
constexpr Duration issuance_limit = std::chrono::minutes(5);
// A kept order saves a certificate that counts against limits, and is no duty: each way in which it can fail for ever
// has its end. So long an order is kept at most; of the CAs that are known, the slowest gives one 30 days.
constexpr Duration longest_order = std::chrono::hours(24 * 30);
// So many tries in a row to read it may fail by what the CA says of it ...
constexpr unsigned most_unusable = 2;
// ... or by no answer, or one of a CA that is not well as a whole: that mostly passes.
constexpr unsigned most_unknown = 3;
// So many tries may read it, and fail at its authorizations, at its end or at its certificate.
constexpr unsigned most_fruitless = 4;
// A certificate that begins later than this is put in service when it has begun.
constexpr Duration clock_tolerance = std::chrono::hours(1);

std::vector<std::string> sorted(std::vector<std::string> names) {
  std::sort(names.begin(), names.end());
  return names;
}

template <class... Tasks>
std::vector<Task<>> together(Tasks... tasks) {
  std::vector<Task<>> all;
  (all.push_back(std::move(tasks)), ...);
  return all;
}

/// For a CA that makes an order invalid without a word.
acme::Problem unexplained() {
  acme::Problem problem;
  problem.type = "invalid";
  problem.detail = "the CA made the order invalid and gave no reason";
  return problem;
}

/// When an order is given up, whatever becomes of it: when the CA said so, but not later than in the longest life of
/// one, so that nothing is kept for ever. A time that is past says nothing of an order that lives.
std::optional<Time> end_of(const acme::Order& order, Time now) {
  if (!order.expires || *order.expires <= now) return std::nullopt;
  return std::min(*order.expires, now + longest_order);
}

std::string full_chain_pem(const std::vector<crypto::Certificate>& chain, std::size_t from) {
  std::string pem;
  for (std::size_t i = from; i < chain.size(); ++i) pem += chain[i].to_pem();
  return pem;
}

}  // namespace

Journey::Journey(Services& services, Request request, store::Certificate& state)
    : services_(services), request_(std::move(request)), state_(state), values_on_disk_(state.values.size()) {}

Task<> Journey::run() {
  std::exception_ptr failure;
  try {
    co_await travel();
  } catch (const Cancelled&) {
    throw;  // what is in the DNS is on disk: the next run goes on with it
  } catch (...) {
    failure = std::current_exception();
  }
  if (failure) {
    if (!state_.values.empty()) co_await withdraw_in_passing();
    std::rethrow_exception(failure);
  }
  if (state_.values.size() != values_on_disk_) co_await save();
}

Task<> Journey::travel() {
  auto approach = services_.zones.approach(expected_providers());
  auto place = co_await request_.authority->place();
  ca_ = co_await request_.authority->client();
  co_await when_all(together(open_order(), locate_names()));
  if (order_.status == acme::OrderStatus::pending && !proofs_.empty()) {
    co_await place_proofs();
    place.release();
    remember_values();
    co_await save();
    // One round, but for an operator that holds fewer values at a name than the order needs there.
    const auto rounds = rounds_of_proofs();
    for (const auto& round : rounds) {
      auto showing = show(round);
      co_await showing.begin(std::exchange(approach, services_.zones.approach({})));
      place = co_await request_.authority->place();
      co_await showing.reassure();
      co_await counted(respond(round));
      if (&round == &rounds.back()) break;
      co_await await_valid(round);
      place.release();
      co_await showing.end();
    }
    co_await await_ready();
  } else {
    approach.end();
  }
  // The values have served: they go while the certificate is made.
  co_await when_all(together(withdraw_in_passing(), obtain(std::move(place))));
}

void Journey::remember_values() {
  for (const auto& proof : proofs_) {
    const auto& at = proof.placed;
    const auto& made_from = proof.challenge.origin;
    const store::TxtOrigin origin{made_from.domain, made_from.key_authorization};
    const store::TxtValue txt{at.provider, at.zone.apex.text(), at.zone.id, at.name.text(), at.value, origin};
    if (std::find(state_.values.begin(), state_.values.end(), txt) == state_.values.end()) state_.values.push_back(txt);
  }
}

// --- The order (RFC 8555 §7.4) -------------------------------------------------------------------------------------

Task<> Journey::open_order() {
  bool resumed = false;
  if (state_.order) resumed = co_await resume_order(*state_.order);
  if (!resumed) co_await create_order();
  if (order_.status == acme::OrderStatus::pending) co_await counted(open_proofs());
}

/// Whether the journey goes on with the order of an earlier run. One that is of no use any more is forgotten; one that
/// only seems so is kept until another has been made: when the CA as a whole is ill, that fails as well.
Task<bool> Journey::resume_order(store::OpenOrder kept) {
  const auto now = services_.loop.clock().now();
  const bool wanted = kept.directory_url == request_.authority->settings().directory_url &&
                      kept.key_type == crypto::to_text(request_.key_type) &&
                      sorted(kept.domains) == sorted(request_.domains);
  if (!wanted) {
    state_.order.reset();
    co_return false;
  }
  if (!kept.expires || *kept.expires > now + longest_order) state_.order->expires = now + longest_order;
  if (kept.expires && *kept.expires <= now) {
    note("the order of an earlier run has expired: a new one is made");
    state_.order.reset();
    co_return false;
  }
  if (kept.fruitless >= most_fruitless) {
    note(fmt::format("the order of an earlier run came to no certificate in {} tries: a new one is asked for",
                     kept.fruitless));
    co_return false;
  }
  try {
    key_ = crypto::PrivateKey::from_pem(kept.key_pem);
    order_ = co_await ca_->order(kept.url);
  } catch (const Error& error) {
    if (!key_ || acme::verdict_on(error) == acme::Verdict::gone) {
      note(fmt::format("the order of an earlier run is gone, a new one is made: {}", error.what()));
      state_.order.reset();
      co_return false;
    }
    const auto failures = ++state_.order->failures;
    const bool may_pass = acme::verdict_on(error) == acme::Verdict::unknown;
    if (failures < (may_pass ? most_unknown : most_unusable)) throw;
    note(fmt::format("the order of an earlier run could not be read in {} tries, a new one is asked for: {}", failures,
                     error.what()));
    co_return false;
  }
  state_.order->failures = 0;
  if (order_.status == acme::OrderStatus::invalid) {
    state_.order.reset();
    co_return false;
  }
  if (const auto end = end_of(order_, now)) state_.order->expires = end;
  note("goes on with the order of an earlier run");
  co_return true;
}

Task<> Journey::create_order() {
  const auto profile = co_await request_.authority->profile();
  const auto type = request_.key_type;
  const auto here = co_await context();
  key_ = co_await offload([type, stop = here.stop] {
    // RSA takes seconds: what has waited for a thread until we are called off is not begun.
    if (stop.stop_requested()) throw Cancelled();
    return crypto::PrivateKey::generate(type);
  });
  order_ = co_await order_at_ca(profile);
  const auto now = services_.loop.clock().now();
  state_.order = store::OpenOrder{request_.authority->settings().directory_url,
                                  order_.url,
                                  key_->to_pem(),
                                  std::string(crypto::to_text(request_.key_type)),
                                  request_.domains,
                                  end_of(order_, now).value_or(now + longest_order)};
  services_.observer.ordered(request_.name, request_.authority->settings().name, order_.url, request_.domains.size());
  co_await save();
}

/// A part of the order's way at the CA: what fails in it by the CA's word counts against the order.
Task<> Journey::counted(Task<> part) {
  try {
    co_await std::move(part);
  } catch (const Error& error) {
    count(error);
    throw;
  }
}

void Journey::count(const Error& failure) {
  if (state_.order && acme::verdict_on(failure) != acme::Verdict::unknown) ++state_.order->fruitless;
}

Task<acme::Order> Journey::order_at_ca(std::optional<std::string> profile) {
  const auto account = request_.authority->account_url();
  try {
    co_return co_await ca_->new_order(request_.domains, profile);
  } catch (const acme::ProblemError& error) {
    if (error.cause() != "acme:accountDoesNotExist") throw;
  }
  co_await request_.authority->register_again(account);
  co_return co_await ca_->new_order(request_.domains, profile);
}

// --- Authorizations (§7.5) -----------------------------------------------------------------------------------------

Task<> Journey::open_proofs() {
  std::vector<Task<>> authorizations;
  for (const auto& url : order_.authorizations) authorizations.push_back(open_proof(url));
  co_await when_all(std::move(authorizations));
}

Task<> Journey::open_proof(std::string authorization_url) {
  const auto authorization = co_await ca_->authorization(authorization_url);
  if (authorization.status == acme::AuthorizationStatus::valid) co_return;
  const auto ordered = (authorization.wildcard ? "*." : "") + authorization.identifier;
  if (std::find(request_.domains.begin(), request_.domains.end(), ordered) == request_.domains.end()) {
    throw Retry("acme:authorization", "the CA asks for a proof of a name that was not ordered");
  }
  if (authorization.status != acme::AuthorizationStatus::pending) {
    state_.order.reset();
    throw Retry("acme:authorization", fmt::format("the authorization for {} can no longer be used: a new order is made",
                                                  authorization.identifier));
  }
  const auto* challenge = authorization.challenge(Challenge::type);
  if (challenge == nullptr) {
    throw Refused("acme:no-dns-01",
                  fmt::format("CA {} offers no dns-01 challenge for {}: acmed proves names by dns-01 only",
                              request_.authority->settings().name, authorization.identifier));
  }
  proofs_.push_back(
      {authorization_url, challenge->url, {authorization.identifier, ca_->key_authorization(challenge->token)}, {}});
}

// --- Where the values have to be (DESIGN §8) -------------------------------------------------------------------------

Task<> Journey::locate_names() {
  std::set<dns::Name> names;
  for (const auto& domain : request_.domains) names.insert(Challenge::name_for(domain));
  std::vector<Task<>> searches;
  for (const auto& name : names) searches.push_back(locate(name));
  co_await when_all(std::move(searches));
}

/// A name that is not found is no failure yet: its authorization may be valid already.
Task<> Journey::locate(dns::Name challenge_name) {
  std::optional<dns::Location> location;
  try {
    location = co_await services_.discovery.locate(challenge_name);
  } catch (const Error&) {
    not_located_[challenge_name] = std::current_exception();
  }
  const bool is_meant = location && (location->chain.empty() || is_declared(*location, location->chain.back()));
  if (!is_meant) {
    auto own = co_await beside_wildcard(challenge_name);
    const bool serves = own && route(own->effective) != nullptr;
    if (serves && !(location && is_declared(*location, own->effective))) {
      note(
          fmt::format("{} is an alias by a wildcard CNAME alone: the value goes to the name itself, where it switches "
                      "the wildcard off",
                      own->effective.text()));
      location = std::move(own);
    }
  }
  if (location) locations_[challenge_name] = *std::move(location);
}

/// The way out of an alias that only a wildcard CNAME makes: it is there for hosts, be it that it leads to where no
/// provider is or to a name that a provider could write. A value at the alias itself takes its place (RFC 4592 §2.2.1).
Task<std::optional<dns::Location>> Journey::beside_wildcard(dns::Name challenge_name) {
  try {
    co_return co_await services_.discovery.beside_wildcard(challenge_name);
  } catch (const Error& error) {
    step(error.what());
    co_return std::nullopt;
  }
}

/// Whether somebody has said that challenges are to be proved where `alias`, one of the chain of `location`, leads: by
/// the configuration, or by the name that it leads to. To such a place even a wildcard leads on purpose.
bool Journey::is_declared(const dns::Location& location, const dns::Name& alias) const {
  const auto* own = route(alias);
  const auto* target = route(location.effective);
  if (target == nullptr) return false;
  if (target->holds_only_challenges && target != own) return true;
  if (own != nullptr && own->by_alias && !target->by_alias && own->provider == target->provider) return true;

  std::vector<dns::Name> led_to(std::ranges::find(location.chain, alias), location.chain.end());
  led_to.push_back(location.effective);
  return std::any_of(led_to.begin() + 1, led_to.end(),
                     [](const dns::Name& name) { return name.text().starts_with(config::challenge_label); });
}

Task<> Journey::place_proofs() {
  std::vector<Task<>> places;
  for (auto& proof : proofs_) places.push_back(place(&proof));
  co_await when_all(std::move(places));
}

Task<> Journey::place(Proof* proof) {
  if (const auto* expected = route(proof->challenge.name)) {
    services_.zones.provider(expected->provider)->check_ready();  // else the DNS seems to be to blame
  }
  const auto found = locations_.find(proof->challenge.name);
  if (found == locations_.end()) std::rethrow_exception(not_located_.at(proof->challenge.name));
  const auto& location = found->second;
  const auto* route_to = route(location.effective);
  if (route_to == nullptr) {
    const auto where = location.chain.empty() ? location.effective.text()
                                              : fmt::format("{}, to which {} is an alias (CNAME)",
                                                            location.effective.text(), proof->challenge.name.text());
    throw Refused("dns:no-provider",
                  fmt::format("no provider serves {}: add its zone {} to a provider's zones{}", where,
                              location.zone.text(), location.chain.empty() ? "" : ", or remove the CNAME record"));
  }
  const auto zone = co_await services_.zones.provider(route_to->provider)->zone_of(location.effective);
  if (!zone) {
    throw Refused("dns:no-zone", fmt::format("provider {} has no zone for {}: the DNS says that it is in the zone {}",
                                             route_to->provider, location.effective.text(), location.zone.text()));
  }
  proof->placed = {route_to->provider, *zone, location.effective, proof->challenge.value, proof->challenge.origin};
}

const config::Route* Journey::route(const dns::Name& name) const {
  return services_.routes.find(name.text());
}

std::set<std::string> Journey::expected_providers() const {
  std::set<std::string> providers;
  for (const auto& domain : request_.domains) {
    if (const auto* found = route(Challenge::name_for(domain))) providers.insert(found->provider);
  }
  return providers;
}

std::vector<Journey::Round> Journey::rounds_of_proofs() const {
  std::vector<ZoneValue> values;
  for (const auto& proof : proofs_) values.push_back(proof.placed);
  const auto indices = rounds_of(
      values, [this](const std::string& provider) { return services_.zones.provider(provider)->values_at_a_time(); });
  std::vector<Round> rounds;
  for (const auto& of_round : indices) {
    auto& round = rounds.emplace_back();
    for (const auto index : of_round) round.push_back(&proofs_[index]);
  }
  if (rounds.size() > 1) {
    note(fmt::format("the names are proved in {} rounds: the provider holds few values at a name", rounds.size()));
  }
  return rounds;
}

Showing Journey::show(const Round& round) const {
  std::vector<PlacedValue> values;
  for (const auto* proof : round) values.push_back({proof->placed, locations_.at(proof->challenge.name)});
  return {services_, request_.name, request_.policies ? *request_.policies : Policies(), std::move(values)};
}

// --- Challenges (§7.5.1) --------------------------------------------------------------------------------------------

Task<> Journey::respond(Round round) {
  std::vector<Task<>> responses;
  for (const auto* proof : round) responses.push_back(ca_->respond(proof->challenge_url));
  co_await when_all(std::move(responses));
}

/// Completes when the CA has looked at the values of the round.
Task<> Journey::await_valid(Round round) {
  std::vector<Task<acme::Authorization>> polls;
  for (const auto* proof : round) {
    polls.push_back(ca_->authorization_leaves_pending(proof->authorization_url, validation_limit));
  }
  const auto authorizations = co_await when_all(std::move(polls));
  const bool valid = std::ranges::all_of(authorizations, [](const acme::Authorization& authorization) {
    return authorization.status == acme::AuthorizationStatus::valid;
  });
  if (valid) co_return;
  order_ = co_await ca_->order(order_.url);
  co_await explain_invalid_order();
}

/// Polls the order alone, which tells of all authorizations at once.
Task<> Journey::await_ready() {
  order_ = co_await ca_->order_leaves(order_.url, acme::OrderStatus::pending, validation_limit);
  if (order_.status == acme::OrderStatus::invalid) co_await explain_invalid_order();
  services_.observer.validated(request_.name);
}

/// Throws what the CA found wrong, authorization by authorization, and gives up those that are still pending.
Task<> Journey::explain_invalid_order() {
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

/// Learns why an authorization failed; gives it up when it is still pending. What fails here hides nothing.
Task<> Journey::close_authorization(std::string url, acme::Problem* found) {
  try {
    const auto authorization = co_await ca_->authorization(url);
    for (const auto& challenge : authorization.challenges) {
      if (!challenge.error) continue;
      *found = *challenge.error;
      found->identifier = (authorization.wildcard ? "*." : "") + authorization.identifier;
    }
    if (authorization.status == acme::AuthorizationStatus::pending) co_await ca_->deactivate_authorization(url);
  } catch (const Error& error) {
    log::debug(fmt::format("{}: {}", request_.name, error.what()));
  }
}

// --- Finalize and download (§7.4, §7.4.2) ---------------------------------------------------------------------------

Task<> Journey::obtain(Semaphore::Permit place) {
  if (!state_.order) throw Retry("internal", "the order was given up before the certificate was there");
  std::vector<crypto::Certificate> chain;
  try {
    chain = co_await certificate_for(*key_, std::move(place));
  } catch (const WrongCertificate&) {
    state_.order.reset();  // the same order with the same key would end in the same way
    throw;
  } catch (const Error& error) {
    count(error);
    throw;
  }
  co_await put_in_service(std::move(chain), *key_);
}

/// The place ends with it: the disk and the withdrawal, which waits for other journeys, are no work of the CA.
Task<std::vector<crypto::Certificate>> Journey::certificate_for(crypto::PrivateKey key, Semaphore::Permit) {
  if (order_.status == acme::OrderStatus::pending) {
    // Every authorization was valid already, and the CA has yet to notice.
    order_ = co_await ca_->order_leaves(order_.url, acme::OrderStatus::pending, validation_limit);
  }
  if (order_.status == acme::OrderStatus::ready) co_await finalize(key);
  const bool is_valid = order_.status == acme::OrderStatus::valid && !order_.certificate.empty();
  if (!is_valid && order_.status != acme::OrderStatus::invalid) {
    order_ = co_await ca_->order_ends(order_.url, issuance_limit);
  }
  if (order_.status == acme::OrderStatus::invalid) {
    state_.order.reset();
    throw acme::ProblemError("issue the certificate", order_.error.value_or(unexplained()), std::nullopt);
  }
  co_return co_await download(std::move(key));
}

/// Sends the CSR. What the CA answers may be about an order that it has finalized already (the answer to an earlier run
/// was lost), or be said by one of its servers that has yet to learn that the order is ready: the order itself tells.
Task<> Journey::finalize(crypto::PrivateKey key) {
  if (order_.finalize.empty()) {
    throw acme::AnswerError(acme::odd_answer, "the CA's order is ready, but names no URL to finalize it",
                            acme::http_ok);
  }
  const auto csr = co_await offload([key, names = request_.domains] { return crypto::make_csr(key, names); });
  for (std::size_t looks = 0;; ++looks) {
    std::exception_ptr refusal;
    bool is_early = false;
    try {
      order_ = co_await ca_->finalize(order_.finalize, order_.url, csr);
      co_return;
    } catch (const Error& error) {
      if (acme::verdict_on(error) == acme::Verdict::unknown) throw;
      refusal = std::current_exception();
      is_early = error.cause() == acme::order_not_ready;
    }
    order_ = co_await ca_->order(order_.url);
    if (order_.status == acme::OrderStatus::invalid) {
      state_.order.reset();
      if (!order_.error) std::rethrow_exception(refusal);
    }
    if (order_.status != acme::OrderStatus::ready && order_.status != acme::OrderStatus::pending) co_return;
    if (!is_early || looks == acme::second_looks.size()) std::rethrow_exception(refusal);
    co_await sleep_for(acme::second_looks[looks]);
  }
}

/// Downloads until what comes can be used: the CA's servers may not all have the certificate yet, and what stands
/// between may deliver half of it. The order and its key stay for the next run when it never does.
Task<std::vector<crypto::Certificate>> Journey::download(crypto::PrivateKey key) {
  for (const auto pause : acme::second_looks) {
    try {
      co_return co_await usable_certificate(key);
    } catch (const Refused&) {
      throw;  // another certificate, or a URL that cannot be asked
    } catch (const Error& error) {
      if (acme::verdict_on(error) == acme::Verdict::unknown) throw;
      step(error.what());
    }
    co_await sleep_for(pause);
  }
  co_return co_await usable_certificate(key);
}

Task<std::vector<crypto::Certificate>> Journey::usable_certificate(crypto::PrivateKey key) {
  auto sent = co_await ca_->certificate(order_.certificate, request_.authority->settings().preferred_chain);
  const auto now = services_.loop.clock().now();
  auto checked = co_await offload(
      [sent = std::move(sent), key, names = request_.domains, now] { return check_chain(sent, key, names, now); });
  require_begun(checked.certificates.front());
  for (const auto& remark : checked.remarks) warn(remark);
  co_return std::move(checked.certificates);
}

/// A certificate that clients do not take yet waits while the one in service is good: one of the clocks is wrong.
void Journey::require_begun(const crypto::Certificate& leaf) const {
  const auto begin = leaf.not_before();
  if (begin <= services_.loop.clock().now() + clock_tolerance) return;
  const auto sentence =
      fmt::format("the CA's certificate is valid from {} on only: look at this host's clock", to_rfc3339(begin));
  if (!state_.issued || state_.issued->not_after <= begin) {
    warn(sentence);
    return;
  }
  throw Retry("acme:not-yet-valid", sentence + "; until then the certificate in service stays", begin);
}

Task<> Journey::put_in_service(std::vector<crypto::Certificate> chain, crypto::PrivateKey key) {
  const auto& leaf = chain.front();
  store::Issued issued{0,
                       request_.authority->settings().directory_url,
                       std::string(crypto::to_text(request_.key_type)),
                       request_.domains,
                       leaf.serial(),
                       leaf.not_before(),
                       leaf.not_after(),
                       services_.loop.clock().now()};
  json::Object meta{{"directory", issued.directory_url},
                    {"domains", json::Array(request_.domains.begin(), request_.domains.end())},
                    {"issued_at", to_rfc3339(issued.issued_at)},
                    {"issuer", leaf.issuer_common_name()},
                    {"key_type", issued.key_type},
                    {"name", request_.name},
                    {"not_after", to_rfc3339(issued.not_after)},
                    {"not_before", to_rfc3339(issued.not_before)},
                    {"serial", issued.serial}};
  issued.generation = co_await services_.store.add_generation(
      request_.name,
      {key.to_pem(), leaf.to_pem(), full_chain_pem(chain, 1), full_chain_pem(chain, 0), std::move(meta)});
  state_.issued = issued;
  state_.order.reset();
  state_.trouble.reset();
  co_await save();
  co_await services_.store.make_live(request_.name, issued.generation);
  services_.observer.issued(request_.name, request_.authority->settings().name, issued);
}

// --- Cleaning up ----------------------------------------------------------------------------------------------------

Task<> Journey::withdraw_leftovers() {
  if (state_.values.empty()) co_return;
  co_await withdraw();
  co_await save();
}

Task<> Journey::withdraw() {
  std::vector<ZoneValue> values;
  std::vector<store::TxtValue> out_of_reach;
  for (const auto& txt : state_.values) {
    const auto apex = dns::Name::parse(txt.zone);
    const auto name = dns::Name::parse(txt.name);
    if (!apex || !name) continue;
    if (services_.zones.provider(txt.provider) == nullptr) {
      out_of_reach.push_back(txt);
    } else {
      std::optional<providers::Origin> origin;
      if (txt.origin) origin = {txt.origin->domain, txt.origin->key_authorization};
      values.push_back({txt.provider, {*apex, txt.zone_id}, *name, txt.value, std::move(origin)});
    }
  }
  co_await services_.zones.withdraw(request_.name, std::move(values));
  state_.values = std::move(out_of_reach);
  if (state_.values.empty()) {
    state_.leftover.reset();
    co_return;
  }
  const auto& left = state_.values.front();
  throw Refused("dns:no-provider",
                fmt::format("the TXT value {} at {} is still there: configure provider {} again until "
                            "acmed has removed it",
                            left.value, left.name, left.provider));
}

/// A removal that fails stops nothing: the values stay in the state and are tried again.
Task<> Journey::withdraw_in_passing() {
  try {
    co_await withdraw();
  } catch (const Error&) {
    left_over_ = std::current_exception();
  }
}

Task<> Journey::save() {
  values_on_disk_ = state_.values.size();
  co_await services_.store.save_certificate(request_.name, state_);
}

void Journey::step(const std::string& message) const {
  log::debug(request_.name + ": " + message, {{"ACMED_CERTIFICATE", request_.name}});
}

void Journey::warn(const std::string& message) const {
  log::warning(request_.name + ": " + message, {{"ACMED_CERTIFICATE", request_.name}});
}

void Journey::note(const std::string& message) const {
  log::info(request_.name + ": " + message, {{"ACMED_CERTIFICATE", request_.name}});
}

}  // namespace acmed::issue
