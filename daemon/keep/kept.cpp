// SPDX-License-Identifier: Apache-2.0
#include "daemon/keep/kept.h"

#include <algorithm>
#include <utility>

#include "daemon/renew/due.h"
#include "daemon/renew/star.h"

namespace acmed::keep {
namespace {

constexpr Duration longest_shortest_use = std::chrono::hours(1);

}  // namespace

Task<> Kept::save() {
  // What was done is written down, also when everything else is called off.
  const auto turn = co_await saving.acquire().under(std::stop_token());
  const bool was_unsaved = std::exchange(unsaved, false);
  try {
    state.revision = co_await context.store.save_certificate(name(), state);
  } catch (...) {
    unsaved = was_unsaved;
    throw;
  }
}

std::vector<issue::Authority*> Kept::authorities() const {
  std::vector<issue::Authority*> all = {wanted.request.authority};
  all.insert(all.end(), wanted.fallbacks.begin(), wanted.fallbacks.end());
  return all;
}

issue::Authority& Kept::issuer() const {
  if (state.issued) {
    for (auto* authority : wanted.fallbacks) {
      const bool is_first = wanted.request.authority->settings().directory_url == state.issued->directory_url;
      if (!is_first && authority->settings().directory_url == state.issued->directory_url) return *authority;
    }
  }
  return *wanted.request.authority;
}

Time Kept::renewal_due() const {
  if (const auto next = renew::next_star_certificate(state)) return *next;
  const auto usual = renew::due_at(*state.issued, wanted.renew, state.renewal);
  if (place && place->usual() == usual) return place->at();
  place.reset();
  if (calendar == nullptr || usual <= now()) return usual;
  place = calendar->place(std::max(state.issued->issued_at, state.issued->not_before), state.issued->not_after, usual,
                          now());
  return place->at();
}

std::optional<Time> Kept::end_in_service() const {
  if (!state.issued || damaged) return std::nullopt;
  return state.issued->not_after;
}

std::string Kept::key_type() const {
  const auto& request = wanted.request;
  if (!request.key) return std::string(crypto::to_text(request.key_type));
  if (state.issued && state.issued->key_uri == request.key->uri) return state.issued->key_type;
  return request.key->type ? std::string(crypto::to_text(*request.key->type)) : std::string();
}

Task<std::shared_ptr<const deploy::Subject>> Kept::subject(const config::Target* target, unsigned number) {
  deploy::Generation generation{co_await context.store.generation(name(), number), name(),
                                context.publisher.path(name())};
  co_return std::make_shared<const deploy::Subject>(deploy::Subject{*target, std::move(generation)});
}

const store::Deployment* Kept::deployment(const config::Target& target) const {
  const auto found = state.deployments.find(target.name);
  return found == state.deployments.end() ? nullptr : &found->second;
}

bool Kept::has_former_pair(const config::Target& target) const {
  const auto* found = deployment(target);
  return found != nullptr && state.issued && found->served != 0 && found->served != state.issued->generation &&
         found->in_place != state.issued->generation;
}

bool Kept::is_worth_keeping(const store::Deployment& former) const {
  return former.served_until > now() + shortest_use();
}

Duration Kept::shortest_use() const {
  const Duration life = state.issued->not_after - state.issued->issued_at;
  return std::clamp<Duration>(life / 20, Duration::zero(), longest_shortest_use);
}

Task<> Kept::settle_live() {
  if (!state.issued) co_return;
  const auto number = state.issued->generation;
  if (co_await context.publisher.published(name()) == number) co_return;
  co_await context.publisher.publish(name(), co_await context.store.generation(name(), number),
                                     wanted.request.key_group);
}

Task<> Kept::grant_key() {
  if (!state.issued) co_return;
  co_await context.publisher.grant_key(name(), state.issued->generation, wanted.request.key_group);
}

std::set<unsigned> Kept::needed_generations() const {
  std::set<unsigned> needed = {state.issued->generation};
  for (const auto& [target, deployment] : state.deployments) needed.insert(deployment.served);
  if (state.revocations) {
    for (const auto& each : *state.revocations) {
      if (!each.revoked) needed.insert(each.generation);
    }
  }
  return needed;
}

}  // namespace acmed::keep
