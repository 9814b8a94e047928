// SPDX-License-Identifier: Apache-2.0
#include "providers/acme_dns/acme_dns.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/log.h"
#include "base/runtime/sleep.h"
#include "config/challenge_label.h"
#include "providers/kit/passing_trouble.h"

namespace acmed::providers {
namespace {

constexpr std::size_t most_replaced = 8;  // targets of lost accounts that are remembered for one domain
/// How long a refused account is not looked into again: each time leaves an account at the server.
constexpr Duration doubt_again_after = std::chrono::hours(24);

json::Object account_json(const config::AcmeDnsAccount& account, const std::string& url) {
  return json::Object{{"url", url},
                      {"domain", account.domain},
                      {"fulldomain", account.full_domain},
                      {"subdomain", account.subdomain},
                      {"username", account.user_name},
                      {"password", account.password.latest().reveal()}};
}

config::AcmeDnsAccount account_from(const json::Value& value) {
  return {value["domain"].text_or(), value["fulldomain"].text_or(), value["subdomain"].text_or(),
          value["username"].text_or(), Secret(value["password"].text_or())};
}

}  // namespace

AcmeDns::AcmeDns(const config::Provider& configured, const config::AcmeDns& settings, Loop& loop, Memory& memory)
    : name_(configured.name),
      url_(settings.url),
      clock_(loop.clock()),
      api_(configured.name, settings, loop),
      memory_(memory),
      accounts_(settings.accounts),
      configured_(settings.accounts.size()),
      began_(loop.clock().moment()) {
  for (const auto* zones : {&configured.zones, &configured.delegated}) {
    for (const auto& zone : *zones) zones_.emplace_back(zone);
  }
}

Task<std::optional<Zone>> AcmeDns::zone_of(dns::Name name) {
  if (!serves(name)) co_return std::nullopt;
  co_await load_accounts();
  if (const auto* account = find(&config::AcmeDnsAccount::full_domain, name.text())) {
    co_return Zone{name, account->subdomain};
  }
  if (const auto lost = lost_.find(name.text()); lost != lost_.end()) {
    if (const auto* account = find(&config::AcmeDnsAccount::domain, lost->second)) throw_alias(*account, name.text());
  }
  if (!name.starts_with(config::challenge_label)) {
    throw Refused(
        "acme-dns:account",
        fmt::format("{} has no account for {} that acmed knows, though a challenge name is an alias to it: add "
                    "the account to accounts of [provider.{}], or remove the CNAME record and acmed registers "
                    "one",
                    api_.opening(), name.text(), name_));
  }
  const auto account = co_await account_for(name.parent().text());
  throw_alias(account, {});
}

/// `lost`: the target of the account that it replaces; empty for none.
void AcmeDns::throw_alias(const config::AcmeDnsAccount& account, const std::string& lost) const {
  const auto challenge = dns::Name(account.domain).prefixed(config::challenge_label);
  const auto zone = dns::Name(account.full_domain).parent().text();
  const auto why = lost.empty() ? std::string()
                                : fmt::format(
                                      " in place of the one that leads to {}, whose account the server has "
                                      "lost",
                                      lost);
  const auto in_zones = serves(dns::Name(account.full_domain))
                            ? std::string()
                            : fmt::format(" and add {} to zones of [provider.{}]", zone, name_);
  throw Refused("acme-dns:alias",
                fmt::format("make the record \"{}. CNAME {}.\" once{}{}: the account is there already, and the next "
                            "try goes on with it",
                            challenge.text(), account.full_domain, why, in_zones));
}

bool AcmeDns::serves(const dns::Name& name) const {
  return std::ranges::any_of(zones_, [&](const dns::Name& zone) { return name.is_within(zone); });
}

const config::AcmeDnsAccount* AcmeDns::find(std::string config::AcmeDnsAccount::*field,
                                            const std::string& wanted) const {
  const auto found = std::ranges::find(accounts_, wanted, field);
  return found == accounts_.end() ? nullptr : &*found;
}

/// Those of the configuration stand before those that were registered here, so that they win.
Task<> AcmeDns::load_accounts() {
  if (loaded_) co_return;
  const auto kept = co_await memory_.recall();
  if (std::exchange(loaded_, true)) co_return;
  const json::Value memory(kept);
  for (const auto& value : memory["accounts"].elements()) {
    if (value["url"].text_or() != url_) continue;
    accounts_.push_back(account_from(value));
    for (const auto& lost : value["replaces"].elements()) lost_.emplace(lost.text_or(), accounts_.back().domain);
  }
}

Task<config::AcmeDnsAccount> AcmeDns::account_for(std::string domain) {
  const auto permit = co_await one_registration_.acquire();
  if (const auto* known = find(&config::AcmeDnsAccount::domain, domain)) co_return *known;
  auto account = co_await api_.register_account(std::move(domain));
  // Kept before anybody is told of it: what a CNAME leads to must never be forgotten.
  co_await keep(account, {});
  accounts_.push_back(account);
  co_return account;
}

/// In the place of those that `account` replaces, named by their targets.
Task<> AcmeDns::keep(config::AcmeDnsAccount account, std::vector<std::string> replaces) {
  auto memory = co_await memory_.recall();
  json::Array accounts;
  json::Array lost;
  for (const auto& target : replaces) lost.emplace_back(target);
  const json::Value before(memory);
  for (const auto& kept : before["accounts"].elements()) {
    if (std::ranges::find(replaces, kept["fulldomain"].text_or()) == replaces.end()) {
      accounts.push_back(kept);
      continue;
    }
    for (const auto& earlier : kept["replaces"].elements()) lost.push_back(earlier);
  }
  if (lost.size() > most_replaced) lost.resize(most_replaced);
  auto value = account_json(account, url_);
  if (!lost.empty()) value["replaces"] = std::move(lost);
  accounts.emplace_back(std::move(value));
  memory["accounts"] = std::move(accounts);
  co_await memory_.keep(std::move(memory));
}

bool AcmeDns::is_registered_here(const config::AcmeDnsAccount& account) const {
  return std::find_if(accounts_.begin() + static_cast<std::ptrdiff_t>(configured_), accounts_.end(),
                      [&](const config::AcmeDnsAccount& known) { return known.full_domain == account.full_domain; }) !=
         accounts_.end();
}

Task<> AcmeDns::apply(Zone zone, std::vector<TxtChange> changes) {
  co_await load_accounts();
  auto& shown = shown_.try_emplace(zone.apex, Shown{{}, AcmeDnsRows(began_)}).first->second;
  for (const auto& change : changes) {
    if (change.action == Action::remove) {
      std::erase(shown.used, change.value);
      shown.rows.release(change.value);
    } else if (std::ranges::find(shown.used, change.value) == shown.used.end()) {
      shown.used.push_back(change.value);
    }
  }
  if (shown.used.size() > AcmeDnsRows::count) {
    throw Retry("acme-dns:full", fmt::format("{} holds only {} values at {}, and {} are in use", api_.opening(),
                                             AcmeDnsRows::count, zone.apex.text(), shown.used.size()));
  }
  for (Pauses pauses(clock_);;) {
    std::exception_ptr failure;
    try {
      co_return co_await write(zone.apex, &shown);
    } catch (const Retry& error) {
      if (!passes(error)) throw;
      failure = std::current_exception();
    }
    const auto pause = pauses.next();
    if (!pause) std::rethrow_exception(failure);
    co_await sleep_for(*pause);
  }
}

/// Writes what is in use and not held.
Task<> AcmeDns::write(dns::Name name, Shown* shown) {
  const auto plan = shown->rows.plan_for(shown->used);
  if (plan.updates.empty()) co_return;
  const auto* account = find(&config::AcmeDnsAccount::full_domain, name.text());
  if (account == nullptr) {
    throw Refused("acme-dns:account",
                  fmt::format("{}: the account of {} is not configured any more", api_.opening(), name.text()));
  }
  const auto of = *account;
  if (plan.not_before) co_await sleep_for(*plan.not_before - clock_.moment());
  for (const auto& value : plan.updates) co_await update(of, value, &shown->rows);
}

Task<> AcmeDns::update(config::AcmeDnsAccount account, std::string value, AcmeDnsRows* rows) {
  const auto began = clock_.moment();
  std::exception_ptr refusal;
  try {
    co_await api_.update(account, value);
  } catch (const Error& error) {
    rows->forget(clock_.moment());
    if (error.cause() != refuses_account || !is_registered_here(account)) throw;
    refusal = std::current_exception();
  } catch (...) {
    rows->forget(clock_.moment());
    throw;
  }
  if (!refusal) {
    rows->wrote(value, began, clock_.moment());
    co_return;
  }
  const bool lost = co_await is_lost(account, std::move(value));
  if (!lost) std::rethrow_exception(refusal);
  const auto* successor = find(&config::AcmeDnsAccount::domain, account.domain);
  if (successor == nullptr) std::rethrow_exception(refusal);
  throw_alias(*successor, account.full_domain);
}

/// Whether the server has lost the account: a new one may change what the old one may not. Then that takes its place;
/// what the server does not take either was refused for this host's address, and is not kept.
Task<bool> AcmeDns::is_lost(config::AcmeDnsAccount account, std::string value) {
  const auto permit = co_await one_registration_.acquire();
  if (lost_.contains(account.full_domain)) co_return true;
  const auto now = clock_.moment();
  const auto looked_into = doubted_.find(account.full_domain);
  if (looked_into != doubted_.end() && now < looked_into->second + doubt_again_after) co_return false;
  doubted_.insert_or_assign(account.full_domain, now);
  auto fresh = co_await api_.register_account(account.domain);
  try {
    co_await api_.update(fresh, std::move(value));
  } catch (const Refused& error) {
    if (error.cause() != refuses_account) throw;
    co_return false;
  }
  co_await keep(fresh, {account.full_domain});
  std::ranges::replace_if(
      accounts_, [&](const config::AcmeDnsAccount& known) { return known.full_domain == account.full_domain; }, fresh);
  lost_.emplace(account.full_domain, fresh.domain);
  log::warning(fmt::format("provider {}: {} does not know the account of {} any more; a new one was registered", name_,
                           api_.opening(), account.full_domain),
               {{"ACMED_PROVIDER", name_}});
  co_return true;
}

Task<std::optional<std::string>> AcmeDns::check_credentials() {
  co_await api_.check_health();
  co_return std::nullopt;
}

}  // namespace acmed::providers
