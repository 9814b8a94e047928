// SPDX-License-Identifier: Apache-2.0
#include "providers/acme_dns/acme_dns.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/runtime/sleep.h"
#include "config/challenge_label.h"

namespace acmed::providers {
namespace {

json::Value account_json(const config::AcmeDnsAccount& account, const std::string& url) {
  return json::Object{{"url", url},
                      {"domain", account.domain},
                      {"fulldomain", account.full_domain},
                      {"subdomain", account.subdomain},
                      {"username", account.user_name},
                      {"password", account.password.reveal()}};
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
  if (!name.starts_with(config::challenge_label)) {
    throw Refused(
        "acme-dns:account",
        fmt::format("{} has no account for {} that acmed knows, though a challenge name is an alias to it: add "
                    "the account to accounts of [provider.{}], or remove the CNAME record and acmed registers "
                    "one",
                    api_.opening(), name.text(), name_));
  }
  const auto account = co_await account_for(name.parent().text());
  const bool in_zones = serves(dns::Name(account.full_domain));
  throw Refused("acme-dns:alias",
                fmt::format("make the record \"{}. CNAME {}.\" once{}: the account is there already, and the next "
                            "try goes on with it",
                            name.text(), account.full_domain,
                            in_zones ? std::string()
                                     : fmt::format(" and add {} to zones of [provider.{}]",
                                                   dns::Name(account.full_domain).parent().text(), name_)));
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
    if (value["url"].text_or() == url_) accounts_.push_back(account_from(value));
  }
}

Task<config::AcmeDnsAccount> AcmeDns::account_for(std::string domain) {
  const auto permit = co_await one_registration_.acquire();
  if (const auto* known = find(&config::AcmeDnsAccount::domain, domain)) co_return *known;
  auto account = co_await api_.register_account(std::move(domain));
  // Kept before anybody is told of it: what a CNAME leads to must never be forgotten.
  auto memory = co_await memory_.recall();
  json::Array accounts = json::Value(memory)["accounts"].elements();
  accounts.push_back(account_json(account, url_));
  memory["accounts"] = std::move(accounts);
  co_await memory_.keep(std::move(memory));
  accounts_.push_back(account);
  co_return account;
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
  const auto plan = shown.rows.plan_for(shown.used);
  if (plan.updates.empty()) co_return;
  const auto* account = find(&config::AcmeDnsAccount::full_domain, zone.apex.text());
  if (account == nullptr) {
    throw Refused("acme-dns:account",
                  fmt::format("{}: the account of {} is not configured any more", api_.opening(), zone.apex.text()));
  }
  const auto of = *account;
  if (plan.not_before) co_await sleep_for(*plan.not_before - clock_.moment());
  for (const auto& value : plan.updates) co_await update(of, value, &shown.rows);
}

Task<> AcmeDns::update(config::AcmeDnsAccount account, std::string value, AcmeDnsRows* rows) {
  const auto began = clock_.moment();
  try {
    co_await api_.update(std::move(account), value);
  } catch (...) {
    rows->forget(clock_.moment());
    throw;
  }
  rows->wrote(value, began, clock_.moment());
}

Task<std::optional<std::string>> AcmeDns::check_credentials() {
  co_await api_.check_health();
  co_return std::nullopt;
}

}  // namespace acmed::providers
