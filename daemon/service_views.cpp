// SPDX-License-Identifier: Apache-2.0
// What a service tells of itself: certificates, CAs, providers, accounts.
#include <algorithm>

#include "base/secret_list.h"
#include "daemon/keep/heedful_authority.h"
#include "daemon/service.h"

namespace acmed {
namespace {

constexpr std::size_t generations_told = 3;  // as many are kept
constexpr std::size_t limits_told = 50;
constexpr std::size_t longest_issuer = 200;

}  // namespace

/// Those that are not read yet are told as what the configuration says.
keep::CertificateView Service::view_of(const config::Certificate& unread) {
  keep::CertificateView view;
  view.name = unread.name;
  view.domains = unread.domains;
  view.ca = unread.ca;
  view.key_type = unread.key_type_text();
  return view;
}

std::optional<keep::CertificateView> Service::certificate(const std::string& name) {
  if (const auto found = by_name_.find(name); found != by_name_.end()) return found->second->view();
  for (auto i = added_; i < wanted_.size(); ++i) {
    if (wanted_[i].name == name) return view_of(wanted_[i]);
  }
  return std::nullopt;
}

Service::Keepers::iterator Service::after(const std::string& name) {
  if (name.empty()) return keepers_.begin();
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? keepers_.end() : std::next(found->second);
}

/// At a start, those that are not read yet follow the others.
std::size_t Service::first_unread_after(const std::string& name) const {
  if (name.empty() || by_name_.contains(name)) return added_;
  for (auto i = added_; i < wanted_.size(); ++i) {
    if (wanted_[i].name == name) return i + 1;
  }
  return wanted_.size();
}

std::vector<keep::CertificateView> Service::certificates_after(const std::string& name, std::size_t most) {
  std::vector<keep::CertificateView> views;
  for (auto keeper = after(name); keeper != keepers_.end() && views.size() < most; ++keeper) {
    views.push_back(keeper->view());
  }
  for (auto i = first_unread_after(name); i < wanted_.size() && views.size() < most; ++i) {
    views.push_back(view_of(wanted_[i]));
  }
  return views;
}

std::vector<std::pair<std::string, keep::State>> Service::states_after(const std::string& name, std::size_t most) {
  std::vector<std::pair<std::string, keep::State>> states;
  for (auto keeper = after(name); keeper != keepers_.end() && states.size() < most; ++keeper) {
    states.emplace_back(keeper->name(), keeper->state());
  }
  for (auto i = first_unread_after(name); i < wanted_.size() && states.size() < most; ++i) {
    states.emplace_back(wanted_[i].name, keep::State::waiting);
  }
  return states;
}

Task<std::vector<control::GenerationView>> Service::generations(std::string name) {
  std::vector<control::GenerationView> views;
  const auto found = by_name_.find(name);
  const auto live = found == by_name_.end() ? std::nullopt : found->second->view().live;
  if (!live) co_return views;
  auto* store = &store_;
  for (unsigned number = live->generation; number > 0 && views.size() < generations_told; --number) {
    const auto meta = co_await store->generation_meta(name, number);
    if (meta.serial.empty()) break;
    control::GenerationView view;
    view.generation = number;
    view.serial = meta.serial;
    view.issuer = fit_to_show(meta.issuer, longest_issuer);
    view.not_before = meta.not_before;
    view.not_after = meta.not_after;
    view.issued_at = meta.issued_at;
    if (const auto again = by_name_.find(name); again != by_name_.end()) view.revoked = again->second->revoked(number);
    views.push_back(std::move(view));
  }
  co_return views;
}

std::vector<keep::CertificateView> Service::troubled() {
  std::vector<keep::CertificateView> views;
  for (const auto& name : failing_) {
    if (const auto found = by_name_.find(name); found != by_name_.end()) views.push_back(found->second->view());
  }
  return views;
}

notify::Watched::Condition Service::condition(const std::string& certificate) {
  if (const auto found = by_name_.find(certificate); found != by_name_.end()) {
    auto& keeper = *found->second;
    if (keeper.state() == keep::State::working) return Condition::unknown;
    if (keeper.is_troubled()) return Condition::troubled;
    return keeper.is_loaded() ? Condition::well : Condition::unknown;
  }
  const auto unread = std::ranges::subrange(wanted_.begin() + static_cast<std::ptrdiff_t>(added_), wanted_.end());
  return std::ranges::find(unread, certificate, &config::Certificate::name) == unread.end() ? Condition::gone
                                                                                            : Condition::unknown;
}

std::vector<control::CaView> Service::cas() const {
  std::vector<control::CaView> views;
  for (const auto& [name, authority] : authorities_) {
    const auto& url = authority->settings().directory_url;
    views.push_back({name, url, ledger_.asked_until(url)});
  }
  return views;
}

std::vector<control::ProviderView> Service::providers() const {
  std::vector<control::ProviderView> views;
  for (const auto& provider : providers_) {
    control::ProviderView view;
    view.name = provider.name;
    view.type = provider.type;
    view.place = provider.place;
    view.zones = provider.zones;
    view.credential_until = zones_.provider(provider.name)->credential_end();
    view.trouble = credentials_.trouble(provider.name);
    views.push_back(std::move(view));
  }
  return views;
}

std::vector<control::LimitView> Service::limits_of(const issue::AuthoritySettings& ca) {
  std::vector<control::LimitView> views;
  const auto account = keep::counted_order(ca, {}).account;
  for (auto& use : ledger_.limits(ca.directory_url).in_use(account, limits_told, loop_.clock().now())) {
    control::LimitView view;
    view.limit = use.limit;
    view.subject = std::move(use.subject);
    if (use.names) {
      view.names = std::move(use.names->first);
      view.name_count = use.names->count;
    }
    if (use.of) view.of = config::Limit{use.of->most, use.of->window};
    view.used = use.used;
    view.free_at = use.free_at;
    view.refused_until = use.refused_until;
    views.push_back(std::move(view));
  }
  return views;
}

Task<std::vector<control::AccountView>> Service::accounts() {
  std::vector<std::pair<std::string, store::AccountIdentity>> wanted;
  std::map<std::string, std::vector<control::LimitView>> limits;
  for (const auto& [name, authority] : authorities_) {
    wanted.emplace_back(name, authority->settings().account_identity());
    limits.emplace(name, limits_of(authority->settings()));
  }
  auto* store = &store_;
  std::vector<control::AccountView> views;
  for (const auto& [ca, identity] : wanted) {
    const auto account = co_await store->load_account(identity);
    control::AccountView view;
    view.ca = ca;
    view.directory_url = identity.directory_url;
    view.key_type = identity.key_type;
    view.external_account = identity.external_account;
    view.label = identity.label;
    view.limits = std::move(limits[ca]);
    if (account) {
      view.url = account->url;
      view.contact = account->contact.value_or(std::vector<std::string>());
      view.deactivated = account->deactivated;
      if (account->registered != Time{}) view.registered = account->registered;
    }
    views.push_back(std::move(view));
  }
  co_return views;
}

}  // namespace acmed
