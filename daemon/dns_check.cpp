// SPDX-License-Identifier: Apache-2.0
#include "daemon/dns_check.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/crypto/digest.h"
#include "base/encoding.h"
#include "base/runtime/offload.h"
#include "base/runtime/scope.h"
#include "config/names.h"
#include "daemon/ask_resolvers.h"
#include "daemon/issue/challenge.h"
#include "daemon/known_account.h"
#include "daemon/part_settings.h"
#include "daemon/tlsa_check.h"
#include "dns/query.h"
#include "providers/registry.h"

namespace acmed {
namespace {

using Verdict = Finding::Verdict;

constexpr std::size_t names_at_a_time = 16;
constexpr std::size_t most_parent_servers = 3;

std::set<dns::Name> name_servers_in(const dns::Message& message, const dns::Name& apex) {
  std::set<dns::Name> hosts;
  for (const auto* section : {&message.answer, &message.authority}) {
    for (const auto& record : *section) {
      const auto* target = std::get_if<dns::Target>(&record.data);
      if (record.type == dns::Type::ns && record.owner == apex && target != nullptr) hosts.insert(target->name);
    }
  }
  return hosts;
}

std::string listed(const std::set<dns::Name>& names) {
  std::vector<std::string> texts;
  for (const auto& name : names) texts.push_back(name.text());
  return texts.empty() ? "none" : fmt::format("{}", fmt::join(texts, ", "));
}

std::optional<std::uint32_t> serial_in(const dns::Reply& reply) {
  if (!reply.is_message()) return std::nullopt;
  for (const auto* section : {&reply.message.answer, &reply.message.authority}) {
    for (const auto& record : *section) {
      if (const auto* soa = std::get_if<dns::Soa>(&record.data)) return soa->serial;
    }
  }
  return std::nullopt;
}

std::size_t values_in(const dns::Reply& reply, const dns::Name& name) {
  return static_cast<std::size_t>(std::ranges::count_if(reply.message.answer, [&](const dns::Record& record) {
    return record.type == dns::Type::txt && record.owner == name;
  }));
}

}  // namespace

/// A challenge name and where the DNS shows it.
struct DnsCheck::Subject {
  dns::Name challenge;
  dns::Location location{};
  config::ChallengeType type = config::ChallengeType::dns_01;
  std::string account_url{};  ///< where it matters; empty: not known
};

DnsCheck::DnsCheck(Loop& loop, const config::Config& config, std::uint16_t server_port, Touch touch)
    : loop_(loop),
      config_(config),
      server_port_(server_port),
      touch_(touch),
      discovery_(loop, resolvers_of(config), server_port, policy_of(config.propagation).servers()),
      zones_(loop, providers(config)),
      placement_(loop.clock(), discovery_, zones_, config.routes, issue::CertificateLog("--check")),
      caa_(loop, config, discovery_) {}

issue::Providers DnsCheck::providers(const config::Config& config) {
  issue::Providers all;
  for (const auto& provider : config.providers) {
    all.emplace(provider.name, providers::make_provider(provider, loop_, discovery_, nullptr, &memory_));
  }
  return all;
}

Task<std::vector<NameFindings>> DnsCheck::run(std::set<std::string> named) {
  std::vector<NameFindings> all;
  for (const auto& certificate : config_.certificates) {
    if (!named.empty() && !named.contains(certificate.name)) continue;
    const auto first = all.size();
    for (const auto& domain : certificate.domains) all.push_back({certificate.name, domain, {}});
    for (auto at = first; at < all.size(); at += names_at_a_time) {
      std::vector<Task<>> examinations;
      for (auto i = at; i < std::min(at + names_at_a_time, all.size()); ++i) {
        examinations.push_back(examine(&certificate, &all[i]));
      }
      co_await when_all(std::move(examinations));
    }
    for (const auto& name : certificate.dane.names) {
      all.push_back({certificate.name, name, {}});
      co_await examine_tlsa(&certificate, &all.back());
    }
  }
  co_return all;
}

Task<> DnsCheck::close() {
  std::vector<Task<>> ends;
  for (const auto& [name, provider] : zones_.providers()) ends.push_back(provider->close());
  co_await when_all(std::move(ends));
}

Task<> DnsCheck::examine(const config::Certificate* certificate, NameFindings* findings) {
  if (!certificate->delegation.empty()) {
    add(findings, Verdict::ok,
        fmt::format("{} is delegated: its owner proves it and chooses the CA, so nothing of it is looked at here",
                    findings->domain));
    co_return;
  }
  auto subject = co_await subject_of(certificate, findings);
  bool is_found = false;
  try {
    subject.location = co_await placement_.locate(subject.challenge, policies(*certificate));
    is_found = true;
  } catch (const Error& error) {
    add(findings, error);
  }
  if (is_found) {
    std::vector<std::string> way;
    for (const auto& alias : subject.location.chain) way.push_back(alias.text());
    way.push_back(subject.location.effective.text());
    add(findings, Verdict::ok,
        fmt::format("{} is in the zone {}, says the DNS", fmt::join(way, " -> "), subject.location.zone.text()));
    co_await examine_provider(certificate, &subject, findings);
    co_await examine_delegation(&subject, findings);
    const auto* route = placement_.route(subject.location.effective);
    const bool is_held_up =
        route == nullptr || required(*certificate, route->provider) == config::Propagation::Require::all;
    co_await examine_servers(&subject, is_held_up, findings);
  }
  co_await caa_.examine(certificate, findings);
}

/// By the challenge that is tried first: what the CA offers is known with an order alone.
Task<DnsCheck::Subject> DnsCheck::subject_of(const config::Certificate* certificate, NameFindings* findings) {
  using enum config::ChallengeType;
  const auto type = certificate->challenges.front();
  const auto& domain = findings->domain;
  if (type != dns_account_01) {
    co_return Subject{dns::Name(config::challenge_name(type, domain, {})), {}, type, {}};
  }
  auto url = co_await account_url(certificate->ca);
  if (!url.empty()) {
    const dns::Name name(config::challenge_name(type, domain, url));
    co_return Subject{name, {}, type, std::move(url)};
  }
  const dns::Name parent(config::challenge_parent(type, domain));
  add(findings, Verdict::warning,
      fmt::format("where dns-account-01 proves {} is not known before acmed has an account at CA {}: {} was looked at, "
                  "below which it will be. Run acmed --once, then check again",
                  domain, certificate->ca, parent.text()));
  co_return Subject{parent, {}, type, {}};
}

Task<std::string> DnsCheck::account_url(std::string ca) {
  const auto known = account_urls_.find(ca);
  if (known != account_urls_.end()) co_return known->second;
  const auto* settings = &config_.cas.at(ca);
  auto url = co_await offload(
      [settings, directory = config_.state_directory] { return known_account_url(directory, *settings); });
  account_urls_[ca] = url;
  co_return url;
}

config::Propagation DnsCheck::propagation(const config::Certificate& certificate, const std::string& provider) const {
  const auto found = std::ranges::find(config_.providers, provider, &config::Provider::name);
  auto above = config_.propagation;
  if (found != config_.providers.end()) above = config::completed(found->propagation, above);
  return config::completed(certificate.propagation, above);
}

config::Propagation::Require DnsCheck::required(const config::Certificate& certificate,
                                                const std::string& provider) const {
  return propagation(certificate, provider).require.value_or(config::Propagation::Require::all);
}

dns::PolicyOf DnsCheck::policies(const config::Certificate& certificate) const {
  return [this, &certificate](const dns::Name& name) -> dns::ServerPolicy {
    const auto* route = placement_.route(name);
    return policy_of(propagation(certificate, route == nullptr ? "" : route->provider)).servers();
  };
}

Task<> DnsCheck::examine_provider(const config::Certificate* certificate, const Subject* subject,
                                  NameFindings* findings) {
  const auto* route = placement_.route(subject->location.effective);
  if (route != nullptr && route->holds_only_challenges) {
    // Asked for a zone it would open a port, or register an account.
    const bool leads_there = dns::Name(route->zone) != subject->challenge && !route->by_alias;
    if (leads_there || !subject->location.chain.empty()) {
      add(findings, Verdict::ok,
          fmt::format("provider {} serves {}", route->provider, subject->location.effective.text()));
    }
    co_return;
  }
  if (route != nullptr && route->by_alias && subject->location.chain.empty()) {
    add(findings, Verdict::wrong,
        fmt::format(
            "{} is no alias, though provider {} serves it through one (`delegated`): make it an alias (CNAME) into "
            "the provider's zones",
            subject->challenge.text(), route->provider));
    co_return;
  }
  const bool compared =
      route == nullptr || required(*certificate, route->provider) != config::Propagation::Require::none;
  std::optional<issue::Placement::Place> found;
  try {
    if (route != nullptr) zones_.provider(route->provider)->check_ready();
    const auto place = co_await placement_.place(subject->challenge, subject->location, compared);
    add(findings, Verdict::ok,
        fmt::format("provider {} would write into its zone {}", place.provider, place.zone.apex.text()));
    found = place;
  } catch (const Error& error) {
    add(findings, error);
  }
  if (route != nullptr) co_await examine_credentials(route->provider, findings);
  if (found && touch_ == Touch::test_value) co_await try_update(*std::move(found), subject, findings);
}

Task<> DnsCheck::examine_credentials(std::string provider, NameFindings* findings) {
  const auto known = credentials_.find(provider);
  std::optional<Finding> trouble;
  if (known != credentials_.end()) {
    trouble = known->second;
  } else {
    try {
      const auto warning = co_await zones_.provider(provider)->check_credentials();
      if (warning) add(findings, Verdict::warning, *warning, "credentials");
    } catch (const Error& error) {
      trouble = Finding{Verdict::wrong, error.what(), "credentials", error.cause()};
    }
    credentials_[provider] = trouble;
  }
  if (trouble) findings->findings.push_back(*trouble);
}

/// Adds a value as a challenge has one, and removes it, whatever became of the addition: it may have been made although
/// the answer was lost.
Task<> DnsCheck::try_update(issue::Placement::Place place, const Subject* subject, NameFindings* findings) {
  const auto& name = subject->location.effective;
  if (!tried_.insert(name).second) co_return;
  const auto key_authorization = fmt::format("acmed-check-{}", hex(crypto::random_bytes(16)));
  const auto domain = findings->domain.substr(findings->domain.starts_with("*.") ? 2 : 0);
  const auto challenge = issue::Challenge::of_token(subject->type, domain, key_authorization, subject->account_url);
  const std::vector values{issue::ZoneValue{place.provider, place.zone, name, challenge.value, challenge.origin}};
  const auto user = "--check " + name.text();
  std::exception_ptr failure;
  try {
    co_await zones_.publish(user, values, zones_.announce({place.provider}));
  } catch (const std::exception&) {
    failure = std::current_exception();
  }
  std::optional<Error> left;
  try {
    co_await zones_.withdraw(user, values).under(std::stop_token());
  } catch (const Error& error) {
    left = error;
  }
  try {
    if (failure) std::rethrow_exception(failure);
    if (!left) {
      add(findings, Verdict::ok,
          fmt::format("provider {} added a test value at {} and removed it", place.provider, name.text()), "update");
    }
  } catch (const Error& error) {
    add(findings, error, "update");
    // Where nothing can be added, it is no news that nothing can be removed.
    if (error.advice() == Error::Advice::refused) co_return;
  }
  if (left) {
    add(findings, Verdict::wrong,
        fmt::format("the test value {} may be left at {}: {}. Remove it by hand", challenge.value, name.text(),
                    left->what()),
        "update");
  }
}

/// The zone's name servers, as its parent has them and as its own servers do.
Task<> DnsCheck::examine_delegation(const Subject* subject, NameFindings* findings) {
  const auto& zone = subject->location.zone;
  const auto parents = co_await parents_delegation(zone);
  std::set<dns::Name> own;
  for (const auto& server : subject->location.servers) {
    if (!server.endpoint.has_address() || !own.empty()) continue;
    const auto reply = co_await dns::ask(server.endpoint, {zone, dns::Type::ns}, dns::AskOptions());
    if (reply.is_message()) own = name_servers_in(reply.message, zone);
  }
  if (parents.empty()) {
    add(findings, Verdict::warning,
        fmt::format(
            "the parent of {} does not delegate it, or cannot be asked: the world may not see the zone; its own "
            "name servers are {}",
            zone.text(), listed(own)));
  } else if (own.empty() || parents == own) {
    add(findings, Verdict::ok, fmt::format("{} is delegated to {}", zone.text(), listed(parents)));
  } else {
    add(findings, Verdict::warning,
        fmt::format("the parent of {} delegates it to {}, but the zone itself names {}: make the two the same",
                    zone.text(), listed(parents), listed(own)));
  }
}

Task<std::set<dns::Name>> DnsCheck::parents_delegation(dns::Name apex) {
  for (auto above = apex.parent(); !above.is_root(); above = above.parent()) {
    const auto reply = co_await ask_resolvers(discovery_.resolvers(), {above, dns::Type::ns});
    if (!reply) continue;
    std::size_t asked = 0;
    const auto hosts = name_servers_in(reply->message, above);
    for (const auto& host : hosts) {
      if (asked++ == most_parent_servers) break;
      auto delegated_to = co_await delegation_at(host, apex);
      if (!delegated_to.empty()) co_return delegated_to;
    }
    if (!hosts.empty()) break;
  }
  co_return std::set<dns::Name>();
}

Task<std::set<dns::Name>> DnsCheck::delegation_at(dns::Name host, dns::Name apex) {
  try {
    const auto addresses = co_await discovery_.addresses(host, server_port_);
    for (const auto& address : addresses) {
      const auto reply = co_await dns::ask(address, {apex, dns::Type::ns}, dns::AskOptions());
      if (!reply.is_message()) continue;
      auto hosts = name_servers_in(reply.message, apex);
      if (!hosts.empty()) co_return hosts;
    }
  } catch (const Error&) {
    // Another server may tell.
  }
  co_return std::set<dns::Name>();
}

Task<> DnsCheck::examine_servers(const Subject* subject, bool is_held_up, NameFindings* findings) {
  const auto& name = subject->location.effective;
  std::set<std::uint32_t> serials;
  std::size_t most_values = 0;
  for (const auto& server : subject->location.servers) {
    if (!server.endpoint.has_address()) {
      add(findings, is_held_up ? Verdict::wrong : Verdict::warning,
          fmt::format("{}: its addresses cannot be looked up", server.text()));
      continue;
    }
    const auto reply = co_await dns::ask(server.endpoint, {name, dns::Type::txt}, dns::AskOptions());
    const auto said = dns::to_text(reply);
    const auto rcode = reply.message.rcode;
    const bool answers = reply.is_message() && (rcode == dns::Rcode::noerror || rcode == dns::Rcode::nxdomain);
    if (reply.outcome == dns::Reply::Outcome::no_route) {
      add(findings, Verdict::warning,
          fmt::format("{}: {}; its address family is passed over while no server of it answers", server.text(), said));
    } else if (!answers || !reply.message.authoritative) {
      add(findings, is_held_up ? Verdict::wrong : Verdict::warning,
          fmt::format("{}: {}; {}", server.text(), answers ? "not authoritative" : said,
                      is_held_up ? "every proof waits for it: mend it, or name it in `exclude` of [propagation]"
                                 : "it is not waited for"));
    } else {
      const auto values = values_in(reply, name);
      most_values = std::max(most_values, values);
      const auto soa = co_await dns::ask(server.endpoint, {subject->location.zone, dns::Type::soa}, dns::AskOptions());
      const auto serial = serial_in(soa);
      if (serial) serials.insert(*serial);
      add(findings, Verdict::ok,
          fmt::format("{}: {} TXT values, serial {}", server.text(), values,
                      serial ? std::to_string(*serial) : "unknown"));
    }
  }
  if (most_values > 0 && subject->type != config::ChallengeType::dns_persist_01) {
    add(findings, Verdict::warning,
        fmt::format("{} TXT values stand at {} already: when no order is under way, remove what is left over",
                    most_values, name.text()));
  }
  if (serials.size() > 1) {
    add(findings, Verdict::warning,
        fmt::format("the name servers of {} have different serials: some lag, look at NOTIFY and zone transfer",
                    subject->location.zone.text()));
  }
}

Task<> DnsCheck::examine_tlsa(const config::Certificate* certificate, NameFindings* findings) {
  constexpr const char* about = "TLSA";
  const dns::Name name(findings->domain);
  try {
    const auto location = co_await placement_.locate(name, policies(*certificate));
    if (!location.chain.empty()) {
      add(findings, Verdict::wrong,
          fmt::format("{} is an alias (CNAME) of {}, where its TLSA records belong: name that in dane", name.text(),
                      location.effective.text()),
          about);
      co_return;
    }
    const auto* route = placement_.route(name);
    const bool compared =
        route == nullptr || required(*certificate, route->provider) != config::Propagation::Require::none;
    const auto place = co_await placement_.place(name, location, compared);
    add(findings, Verdict::ok,
        fmt::format("provider {} would write TLSA records into its zone {}", place.provider, place.zone.apex.text()),
        about);
    co_await examine_tlsa_records(config_.state_directory, name, location, findings);
  } catch (const Error& error) {
    add(findings, error, about);
  }
}

}  // namespace acmed
