// SPDX-License-Identifier: Apache-2.0
#include "daemon/issue/journey.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/runtime/scope.h"
#include "daemon/issue/abandoned_orders.h"
#include "daemon/issue/shown_value.h"

namespace acmed::issue {
namespace {

template <class... Tasks>
std::vector<Task<>> together(Tasks... tasks) {
  std::vector<Task<>> all;
  (all.push_back(std::move(tasks)), ...);
  return all;
}

std::string full_chain_pem(const std::vector<crypto::Certificate>& chain, std::size_t from) {
  std::string pem;
  for (std::size_t i = from; i < chain.size(); ++i) pem += chain[i].to_pem();
  return pem;
}

}  // namespace

Journey::Journey(JourneyContext& context, Request request, store::Certificate& state)
    : context_(context),
      request_(std::move(request)),
      state_(state),
      order_(context, request_, state),
      proofs_(context, request_, order_, state),
      values_on_disk_(state.values.size()) {}

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
    if (!state_.values.empty() && !are_values_awaited()) co_await withdraw_in_passing();
    std::rethrow_exception(failure);
  }
}

Task<> Journey::travel() {
  const auto turn = co_await request_.authority->under_way().turn(request_.domains);
  bool is_spent = false;
  try {
    co_await follow_order();
  } catch (const SpentOrder& error) {
    CertificateLog(request_.name).info(fmt::format("{}: a new order is made", error.what()));
    is_spent = true;
  }
  if (is_spent) co_await follow_order();
}

Task<> Journey::follow_order() {
  auto announcement = context_.zones.announce(proofs_.expected_providers());
  std::optional<Semaphore::Permit> place;
  co_await when_all(together(open_order(&place), proofs_.locate()));
  if (order_.is_pending() && !proofs_.empty()) {
    co_await proofs_.place();
    remember_values();
    co_await save();
    const auto rounds = proofs_.rounds();
    for (const auto& round : rounds) {
      auto publication = proofs_.publication(round);
      co_await publish(&publication, std::exchange(announcement, context_.zones.announce({})));
      place = co_await request_.authority->place();
      co_await publication.confirm();
      co_await order_.counted(proofs_.respond(round));
      if (&round == &rounds.back()) break;
      co_await proofs_.await_valid(round);
      place.reset();
      co_await publication.withdraw();
    }
    co_await proofs_.await_ready();
  } else {
    announcement.end();
  }
  // The values have done their work: they are withdrawn while the certificate is being issued.
  co_await when_all(together(withdraw_in_passing(), obtain(*std::move(place))));
}

/// Keeps its place at the CA only where the CA has no more to wait for: whoever's zones take long to be found keeps
/// nobody else from it.
Task<> Journey::open_order(std::optional<Semaphore::Permit>* place) {
  *place = co_await request_.authority->place();
  const bool is_new = co_await order_.open();
  if (is_new) co_await save();
  if (!order_.is_pending()) co_return;
  co_await order_.counted(proofs_.open());
  if (!proofs_.empty()) place->reset();
}

Task<> Journey::obtain(Semaphore::Permit place) {
  auto chain = co_await order_.certificate(std::move(place));
  co_await put_in_service(std::move(chain), order_.key());
}

Task<> Journey::publish(Publication* publication, ZoneCoordinator::Announcement announcement) {
  try {
    co_await publication->publish(std::move(announcement));
  } catch (const Error&) {
    refused_.insert(publication->refused().begin(), publication->refused().end());
    forget_refused_records();
    throw;
  }
}

/// Records that are refused were never in the DNS: they are withdrawn as values are, and not kept as what stands there.
void Journey::forget_refused_records() {
  for (const auto& proof : proofs_.all()) {
    if (!proof.challenge.stays() || proof.stands || !refused_.contains(proof.placed.name)) continue;
    let_go(state_, [&proof](const store::PersistentRecord& record) {
      return record.domain == proof.domain && record.txt.value == proof.placed.value;
    });
  }
}

void Journey::remember_values() {
  for (const auto& proof : proofs_.all()) {
    const auto& at = proof.placed;
    const auto& made_from = proof.challenge.origin;
    store::TxtValue txt{at.provider, at.zone.apex.text(), at.zone.id, at.name.text(), at.value};
    if (made_from) txt.origin = {made_from->domain, made_from->key_authorization};
    take_place_of_record(state_, proof.domain, request_.authority->settings().directory_url,
                         proof.challenge.stays() ? std::optional(txt) : std::nullopt);
    if (proof.challenge.stays()) continue;
    if (std::find(state_.values.begin(), state_.values.end(), txt) == state_.values.end()) state_.values.push_back(txt);
  }
}

Task<> Journey::put_in_service(std::vector<crypto::Certificate> chain, crypto::PrivateKey key) {
  const auto& leaf = chain.front();
  store::Issued issued{0,
                       request_.authority->settings().directory_url,
                       std::string(crypto::to_text(key.type())),
                       request_.domains,
                       leaf.serial(),
                       leaf.not_before(),
                       leaf.not_after(),
                       context_.loop.clock().now(),
                       request_.wanted_profile().name,
                       key.uri()};
  store::Generation generation{
      0,
      {request_.name, issued.directory_url, leaf.issuer_common_name(), issued.key_type, issued.domains, issued.serial,
       issued.not_before, issued.not_after, issued.issued_at, key.uri(), leaf.public_key_digest()},
      {key.to_pem(), leaf.to_pem(), full_chain_pem(chain, 1), full_chain_pem(chain, 0)}};
  generation.number = co_await context_.store.add_generation(request_.name, generation.meta, generation.files);
  issued.generation = generation.number;
  state_.issued = issued;
  state_.renewal = store::RenewalPlan{leaf.renewal_id().value_or(std::string())};
  order_.served();
  if (state_.set_aside && context_.abandoned != nullptr) {
    for (const auto& order : *state_.set_aside) context_.abandoned->add(order);
  }
  state_.set_aside.reset();
  state_.trouble.reset();
  // The next certificate gets a new key.
  const bool had_next_key = state_.dane && state_.dane->next_key;
  if (had_next_key && state_.dane->next_key->pem.reveal() == generation.files.private_key.reveal()) {
    state_.dane->next_key.reset();
  }
  co_await save();
  co_await context_.publisher.publish(request_.name, std::move(generation), request_.key_group);
  context_.observer.issued(request_.name, request_.authority->settings().name, issued);
}

Task<> Journey::withdraw_leftovers() {
  if (state_.values.empty()) co_return;
  co_await withdraw_in_passing();
  co_await save();
  if (left_over_) std::rethrow_exception(left_over_);
}

Task<> Journey::withdraw() {
  std::vector<ZoneValue> values;
  std::vector<store::TxtValue> remembered;
  for (const auto& txt : state_.values) {
    const auto apex = dns::Name::parse(txt.zone);
    const auto name = dns::Name::parse(txt.name);
    if (!apex || !name) {
      CertificateLog(request_.name)
          .warning(fmt::format("the remembered TXT value {} at \"{}\" is forgotten: no name of the DNS can be that",
                               txt.value, txt.name));
      continue;
    }
    remembered.push_back(txt);
    if (context_.zones.provider(txt.provider) == nullptr) continue;
    std::optional<providers::Origin> origin;
    if (txt.origin) origin = {txt.origin->domain, txt.origin->key_authorization};
    values.push_back({txt.provider, {*apex, txt.zone_id}, *name, txt.value, std::move(origin)});
  }
  const auto failures = co_await remove(std::move(values));

  std::vector<store::TxtValue> left;
  std::map<dns::Name, Error> why;
  for (const auto& txt : remembered) {
    const dns::Name name(txt.name);
    const auto found = failures.find(name);
    std::optional<Error> failure;
    if (found != failures.end()) failure = found->second;
    const bool is_provider_gone = context_.zones.provider(txt.provider) == nullptr;
    if (!failure && !is_provider_gone) continue;
    const bool was_never_there = failure && failure->advice() == Error::Advice::refused && refused_.contains(name);
    const bool is_gone = failure && failure->cause() == providers::cause::zone_gone;
    if (is_provider_gone || was_never_there || is_gone) failure = co_await without_remover(txt, std::move(failure));
    if (!failure) continue;
    left.push_back(txt);
    why.emplace(name, *failure);
  }
  state_.values = std::move(left);
  if (state_.values.empty()) state_.leftover.reset();
  if (why.size() == 1) std::rethrow_exception(why.begin()->second.in_context(why.begin()->second.party(), {}));
  if (!why.empty()) throw providers::SomeFailed(std::move(why));
}

/// Gives the names whose values could not be removed, with why.
Task<std::map<dns::Name, Error>> Journey::remove(std::vector<ZoneValue> values) {
  std::map<dns::Name, Error> failures;
  try {
    co_await context_.zones.withdraw(request_.name, values);
  } catch (const providers::SomeFailed& error) {
    failures = error.failures();
  } catch (const Error& error) {
    for (const auto& value : values) failures.emplace(value.name, error);
  }
  co_return failures;
}

/// For a value that nobody can remove, `failure` saying why; none when its provider is not configured any more. Such a
/// value is forgotten when no name server shows it: nothing is given then, and it is told this once. Else the failure
/// to be told.
Task<std::optional<Error>> Journey::without_remover(store::TxtValue value, std::optional<Error> failure) {
  const CertificateLog log(request_.name);
  const bool is_refused = failure && failure->cause() != providers::cause::zone_gone;  // which says how to mend it
  const auto what = fmt::format("the TXT value {} at {}", value.value, value.name);
  const auto reason = failure ? std::string(failure->what())
                              : fmt::format("provider {}, which wrote it, is not configured any more", value.provider);
  const auto mend =
      failure
          ? std::string("remove it where the zone is served now")
          : fmt::format("configure provider {} again until acmed has removed it, or remove it by hand", value.provider);
  try {
    const auto server = co_await server_showing(&context_.discovery, dns::Name(value.name), value.value);
    if (server && is_refused) co_return failure;
    if (server) {
      const Refused standing("dns:no-provider", fmt::format("{} still stands in the DNS, {} shows it: {} ({})", what,
                                                            *server, mend, reason));
      co_return standing;
    }
  } catch (const Error& error) {
    if (is_refused) co_return failure;
    const Retry unknown(error.cause(), fmt::format("whether {} still stands in the DNS cannot be found out: {} ({})",
                                                   what, error.what(), reason));
    co_return unknown;
  }
  const auto sentence = fmt::format("{} is forgotten: no name server shows it, and {}", what, reason);
  if (is_refused) {  // that it was refused is told already
    log.debug(sentence);
  } else {
    log.warning(sentence);
  }
  co_return std::nullopt;
}

/// Whether the CA may look for the values though this journey has failed: an order that the CA has not come to a result
/// on yet is resumed by the next one (RFC 8555 §8.4). Where a name has room for few values, others need that.
bool Journey::are_values_awaited() const {
  if (!state_.order || !state_.order->validating) return false;
  return std::ranges::all_of(state_.values, [this](const store::TxtValue& value) {
    const auto* provider = context_.zones.provider(value.provider);
    return provider == nullptr || provider->values_at_a_time() == providers::any_number;
  });
}

/// A failed removal stops nothing: the values stay in the state and their removal is retried.
Task<> Journey::withdraw_in_passing() {
  try {
    co_await withdraw();
  } catch (const Error&) {
    left_over_ = std::current_exception();
  }
}

Task<> Journey::save() {
  values_on_disk_ = state_.values.size();
  state_.revision = co_await context_.store.save_certificate(request_.name, state_);
}

}  // namespace acmed::issue
