// SPDX-License-Identifier: Apache-2.0
#include "daemon/issue/proofs.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/foreign_text.h"
#include "base/runtime/scope.h"
#include "daemon/acme/causes.h"
#include "daemon/issue/rounds.h"

namespace acmed::issue {
namespace {

constexpr std::string_view wildcard_label = "*.";
// Of what a CA offers, in a sentence.
constexpr std::size_t longest_type = 40;
constexpr std::size_t longest_types = 200;
constexpr std::size_t longest_name = 255;

std::string wildcard_of(const std::string& domain) {
  return std::string(wildcard_label) + domain;
}

Error unusable_authorization(const std::string& sentence) {
  return {Error::Advice::retry, "acme:authorization", sentence, std::nullopt, Party::ca};
}

}  // namespace

Proofs::Proofs(JourneyContext& context, const Request& request, CertificateOrder& order,
               const store::Certificate& state)
    : context_(context),
      request_(request),
      order_(order),
      state_(state),
      log_(request.name),
      placement_(context.loop.clock(), context.discovery, context.zones, context.routes, log_) {}

std::set<std::string> Proofs::expected_providers() const {
  std::set<std::string> providers;
  if (!request_.delegation.empty()) return providers;  // the owner of the names proves them
  const auto type = request_.challenges.front();
  for (const auto& domain : request_.domains) {
    const auto* found = route(dns::Name(config::challenge_parent(type, domain)));
    if (found != nullptr) providers.insert(found->provider);
  }
  return providers;
}

Task<> Proofs::open() {
  proofs_.clear();
  opened_ = context_.loop.clock().now();
  std::vector<Task<>> authorizations;
  for (const auto& url : order_.shown().authorizations) authorizations.push_back(open_proof(url));
  co_await when_all(std::move(authorizations));
}

Task<> Proofs::open_proof(std::string authorization_url) {
  const auto authorization = co_await request_.authority->authorization(authorization_url);
  if (authorization.status == acme::AuthorizationStatus::valid) co_return;
  auto domain = ordered_as(authorization);
  if (!domain) {
    throw unusable_authorization(fmt::format("the CA asks for a proof of a name that was not ordered: {}",
                                             one_line(authorization.identifier, longest_name)));
  }
  if (authorization.status != acme::AuthorizationStatus::pending) {
    order_.give_up();
    const auto failed = std::ranges::find_if(authorization.challenges,
                                             [](const acme::Challenge& each) { return each.error.has_value(); });
    const auto reason = failed != authorization.challenges.end() ? ": " + failed->error->text() : "";
    const auto sentence = fmt::format("the authorization for {} can no longer be used{}", *domain, reason);
    if (order_.is_resumed()) throw SpentOrder(sentence);
    throw unusable_authorization(sentence);
  }
  auto type = config::ChallengeType::dns_01;
  const auto* offered = chosen(authorization, &type);
  if (offered == nullptr) throw not_offered(authorization, *domain);
  auto proved = domain->starts_with(wildcard_label) ? domain->substr(wildcard_label.size()) : *domain;
  auto answer = co_await answer_to(offered, type, proved);
  order_.proves(authorization_url);
  const auto expires = authorization.expires ? authorization.expires : order_.shown().expires;
  proofs_.push_back({{*std::move(domain), authorization_url, offered->url, offered->type},
                     std::move(proved),
                     std::move(answer.challenge),
                     answer.stands,
                     offered->status == "processing",
                     expires,
                     {}});
}

/// The record that answers the challenge: one that stands already where that does.
Task<Proofs::Answer> Proofs::answer_to(const acme::Challenge* offered, config::ChallengeType type, std::string domain) {
  auto* ca = request_.authority;
  const auto by = co_await prover(offered);
  if (type != config::ChallengeType::dns_persist_01) {
    co_return Answer{Challenge::of_token(type, domain, ca->key_authorization(offered->token), by.account_url), false};
  }
  const bool wildcard = std::ranges::find(request_.domains, wildcard_of(domain)) != request_.domains.end();
  // One record proves a name and its wildcard: both say the same time.
  const auto until = persist_until(request_.persist_for, request_.name, opened_);
  const auto wanted = wanted_persistence(*offered, by, domain, wildcard, until);
  auto standing =
      standing_value(state_.persistent, ca->settings().directory_url, domain, wanted, offered->issuer_names, opened_);
  const bool stands = standing.has_value();
  co_return Answer{Challenge::of_record(domain, stands ? *std::move(standing) : wanted.value()), stands};
}

/// The first of the challenges that the configuration and its providers allow and the CA offers; null for none.
const acme::Challenge* Proofs::chosen(const acme::Authorization& authorization, config::ChallengeType* type) const {
  for (const auto each : request_.challenges) {
    *type = each;
    if (const auto* offered = authorization.challenge(config::name_of(each))) return offered;
  }
  return nullptr;
}

Error Proofs::not_offered(const acme::Authorization& authorization, const std::string& domain) const {
  std::string offered;
  std::string mend = "acmed proves names by TXT records only, so another CA is needed";
  for (const auto& challenge : authorization.challenges) {
    offered += (offered.empty() ? "" : ", ") + one_line(challenge.type, longest_type);
    if (offered.size() > longest_types) break;
  }
  for (const auto type : config::all_challenge_types) {
    if (authorization.challenge(config::name_of(type)) == nullptr) continue;
    mend = fmt::format("set challenge = \"{}\" for this certificate", config::name_of(type));
    break;
  }
  return {Error::Advice::refused, "acme:no-challenge",
          fmt::format("CA {} offers no {} challenge for {} (it offers: {}): {}", request_.authority->settings().name,
                      config::names_of(request_.challenges), domain,
                      offered.empty() ? "none that can be used" : offered, mend),
          std::nullopt, Party::ca};
}

/// As much of it as the challenge is about.
Task<Prover> Proofs::prover(const acme::Challenge* challenge) {
  Prover prover;
  if (challenge->type == acme::dns_01) co_return prover;
  prover.account_url = co_await request_.authority->account_url();
  prover.thumbprint = request_.authority->key_authorization("").substr(1);
  if (!challenge->names_account_by_digest) co_return prover;
  const auto directory = co_await request_.authority->directory();
  prover.account_hash_prefix = directory.account_hash_prefix;
  prover.issuer_names = directory.issuer_names;
  co_return prover;
}

/// The name that was ordered and that the authorization is for; nothing when none is. CAs are to mark the wildcard
/// (RFC 8555 §7.1.4), but not all do, and some leave it in the name.
std::optional<std::string> Proofs::ordered_as(const acme::Authorization& authorization) const {
  auto name = authorization.identifier;
  const bool is_marked = authorization.wildcard || name.starts_with(wildcard_label);
  if (name.starts_with(wildcard_label)) name.erase(0, wildcard_label.size());
  if (name.ends_with('.')) name.pop_back();
  const auto is_ordered = [this](const std::string& domain) {
    return std::ranges::find(request_.domains, domain) != request_.domains.end();
  };
  auto wildcard = wildcard_of(name);
  if (!is_marked && is_ordered(name)) return name;
  if (is_ordered(wildcard)) return wildcard;
  return std::nullopt;
}

Task<> Proofs::locate() {
  if (!request_.delegation.empty()) co_return;
  const auto type = request_.challenges.front();
  std::string account;
  if (type == config::ChallengeType::dns_account_01) account = co_await account_url();
  std::set<dns::Name> names;
  for (const auto& domain : request_.domains) names.insert(dns::Name(config::challenge_name(type, domain, account)));
  std::vector<Task<>> searches;
  for (const auto& name : names) searches.push_back(locate_one(name));
  co_await when_all(std::move(searches));
}

/// Empty when it cannot be known now: whoever orders finds out why.
Task<std::string> Proofs::account_url() {
  try {
    co_return co_await request_.authority->account_url();
  } catch (const Error& error) {
    log_.debug(error.what());
  }
  co_return std::string();
}

Task<> Proofs::locate_one(dns::Name challenge_name) {
  try {
    auto location = co_await placement_.locate(challenge_name, policy_of(), share_);
    locations_[challenge_name] = std::move(location);
  } catch (const Error&) {
    not_located_[challenge_name] = std::current_exception();
  }
}

Task<> Proofs::place() {
  not_placed_.clear();
  std::vector<Task<>> places;
  for (auto& proof : proofs_) places.push_back(place_one(&proof));
  co_await when_all(std::move(places));
  if (not_placed_.empty()) co_return;
  const providers::SomeFailed failed(std::move(not_placed_));
  for (const auto& sentence : failed.left_out()) log_.warning(sentence);
  throw failed;
}

/// All that is in trouble is told in one run: whoever mends one name a run waits ever longer for the next.
Task<> Proofs::place_one(Proof* proof) {
  try {
    co_await find_place(proof);
  } catch (const Error& error) {
    not_placed_.emplace(proof->challenge.name, error);
  }
}

Task<> Proofs::find_place(Proof* proof) {
  if (const auto* expected = route(proof->challenge.name)) {
    context_.zones.provider(expected->provider)->check_ready();  // otherwise the DNS would seem to be at fault
  }
  const auto& name = proof->challenge.name;
  const bool was_expected = locations_.contains(name) || not_located_.contains(name);
  if (!was_expected) co_await locate_one(name);
  const auto found = locations_.find(name);
  if (found == locations_.end()) std::rethrow_exception(not_located_.at(proof->challenge.name));
  const auto& location = found->second;
  // Whoever does without looking at the DNS may know better than it which zone is meant.
  const bool compared = policy(location.effective).require != dns::Require::none;
  auto place = co_await placement_.place(proof->challenge.name, location, compared);
  proof->placed = {std::move(place.provider), std::move(place.zone), location.effective, proof->challenge.value,
                   proof->challenge.origin};
}

/// That of the provider which serves `name`.
dns::PropagationPolicy Proofs::policy(const dns::Name& name) const {
  const auto* found = route(name);
  if (found == nullptr || request_.policies == nullptr) return {};
  const auto known = request_.policies->find(found->provider);
  return known == request_.policies->end() ? dns::PropagationPolicy{} : known->second;
}

dns::PolicyOf Proofs::policy_of() const {
  return [this](const dns::Name& name) -> dns::ServerPolicy { return policy(name).servers(); };
}

std::vector<Proofs::Round> Proofs::rounds() const {
  std::vector<ZoneValue> values;
  for (const auto& proof : proofs_) values.push_back(proof.placed);
  const auto indices = rounds_of(
      values, [this](const std::string& provider) { return context_.zones.provider(provider)->values_at_a_time(); });
  std::vector<Round> rounds;
  for (const auto& of_round : indices) {
    auto& round = rounds.emplace_back();
    for (const auto index : of_round) round.push_back(&proofs_[index]);
  }
  if (rounds.size() > 1) {
    log_.info(fmt::format("the names are proved in {} rounds: the provider holds few values at a name", rounds.size()));
  }
  return rounds;
}

Publication Proofs::publication(const Round& round) const {
  std::vector<PlacedValue> values;
  for (const auto* proof : round) {
    const auto is_same = [proof](const PlacedValue& other) {  // one record may prove a name and its wildcard
      return other.value.name == proof->placed.name && other.value.value == proof->placed.value;
    };
    if (proof->challenge.stays() && std::ranges::any_of(values, is_same)) continue;
    values.push_back(
        {proof->placed, locations_.at(proof->challenge.name), proof->challenge.stays(), proof->stands, proof->expires});
  }
  return {context_, request_.name, request_.policies ? *request_.policies : Policies(), std::move(values)};
}

Task<> Proofs::respond(Round round) {
  std::vector<Challenged> challenged;
  for (const auto* proof : round) {
    if (!proof->is_responded) challenged.push_back(proof->challenged);
  }
  co_await order_.respond(std::move(challenged));
}

Task<> Proofs::await_valid(Round round) {
  std::vector<Challenged> challenged;
  for (const auto* proof : round) challenged.push_back(proof->challenged);
  co_await with_hindsight(order_.await_valid(std::move(challenged)));
}

Task<> Proofs::await_ready() {
  std::vector<Challenged> challenged;
  for (const auto& proof : proofs_) challenged.push_back(proof.challenged);
  co_await with_hindsight(order_.await_ready(std::move(challenged)));
}

/// Adds what can be done where the CA did not see what the name servers showed.
Task<> Proofs::with_hindsight(Task<> validation) {
  try {
    co_await std::move(validation);
  } catch (const acme::ProblemError& error) {
    const auto& type = error.problem().type;
    if (type != acme::problem_type::unauthorized && type != "dns" && type != "incorrectResponse") throw;
    const bool looked = std::ranges::any_of(
        proofs_, [this](const Proof& proof) { return policy(proof.placed.name).require != dns::Require::none; });
    throw error.remarked(looked
                             ? "all name servers that acmed asked had shown the values: where the CA may ask further "
                               "machines, which lag, `settle` in [propagation] gives them time"
                             : "no name server was asked (`require` is \"none\"): `settle` in [propagation] gives them "
                               "time");
  }
}

}  // namespace acmed::issue
