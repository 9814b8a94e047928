// SPDX-License-Identifier: Apache-2.0
#include "daemon/dns_check.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>

#include "base/crypto/digest.h"
#include "base/encoding.h"
#include "base/http/client.h"
#include "base/json.h"
#include "base/runtime/offload.h"
#include "base/runtime/scope.h"
#include "base/secret_list.h"
#include "config/names.h"
#include "daemon/issue/challenge.h"
#include "daemon/issue/tlsa_look.h"
#include "daemon/known_account.h"
#include "daemon/part_settings.h"
#include "daemon/store/state_view.h"
#include "dns/query.h"
#include "dns/wire.h"
#include "providers/registry.h"

namespace acmed {
namespace {

using Verdict = Finding::Verdict;

constexpr std::size_t names_at_a_time = 16;
constexpr std::size_t most_parent_servers = 3;
constexpr std::size_t most_identities = 16;
constexpr std::size_t longest_identity = 253;
constexpr std::uint16_t caa_type = 257;
constexpr Duration directory_limit = std::chrono::seconds(10);

/// One issue or issuewild property (RFC 8659 §4).
struct Caa {
  std::string tag;
  std::string issuer;      ///< empty: nobody
  std::string parameters;  ///< what follows the issuer
};

std::string trimmed(const std::string& text) {
  const auto begin = text.find_first_not_of(" \t");
  if (begin == std::string::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

std::string in_lower_case(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

Caa caa_from(std::string_view data) {
  Caa caa;
  if (data.size() < 2) return caa;
  const auto tag_size = static_cast<unsigned char>(data[1]);
  caa.tag = in_lower_case(std::string(data.substr(2, tag_size)));
  const auto value = data.size() > 2U + tag_size ? std::string(data.substr(2U + tag_size)) : std::string();
  const auto semicolon = value.find(';');
  caa.issuer = in_lower_case(trimmed(value.substr(0, semicolon)));
  if (semicolon != std::string::npos) caa.parameters = in_lower_case(trimmed(value.substr(semicolon + 1)));
  return caa;
}

/// dns::parse_message does not read the data of CAA records.
std::vector<Caa> caa_records_in(std::string_view wire) {
  std::vector<Caa> records;
  dns::WireReader reader(wire);
  reader.octets(4);
  const auto questions = reader.u16();
  const auto answers = reader.u16();
  reader.octets(4);
  for (unsigned i = 0; i < questions; ++i) {
    reader.skip_name();
    reader.octets(4);
  }
  for (unsigned i = 0; i < answers; ++i) {
    reader.skip_name();
    const auto type = reader.u16();
    reader.octets(6);
    const auto data = reader.octets(reader.u16());
    if (type == caa_type) records.push_back(caa_from(data));
  }
  return records;
}

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

void add(NameFindings* findings, Verdict verdict, std::string text, const char* about = "DNS") {
  findings->findings.push_back({verdict, std::move(text), about});
}

void add(NameFindings* findings, const Error& failure, const char* about = "DNS") {
  findings->findings.push_back({Verdict::wrong, failure.what(), about, failure.cause()});
}

/// What restricts who may issue for a name.
struct CaaSet {
  std::string told;  ///< all of it, in words
  std::string tag;
  std::string at;
  std::vector<Caa> records;  ///< with that tag
};

/// Whether CA `ca`, which is called `own` there, may issue by dns-01.
void judge(const std::string& ca, const std::vector<std::string>& own, const CaaSet& caa, NameFindings* findings) {
  if (own.empty()) {
    add(findings, Verdict::warning,
        fmt::format("{}; CA {} does not tell how it is called there (caaIdentities)", caa.told, ca), "CAA");
    return;
  }
  const auto match = std::ranges::find_if(
      caa.records, [&own](const Caa& record) { return std::ranges::find(own, record.issuer) != own.end(); });
  if (match == caa.records.end()) {
    add(findings, Verdict::wrong,
        fmt::format("{}, not CA {}: add {} \"{}\" to the CAA records of {}", caa.told, ca, caa.tag, own.front(),
                    caa.at),
        "CAA");
    return;
  }
  const auto methods = match->parameters.find("validationmethods");
  const bool excludes_dns =
      methods != std::string::npos && match->parameters.find("dns-01", methods) == std::string::npos;
  if (excludes_dns) {
    add(findings, Verdict::wrong, fmt::format("{}, but not by dns-01 (validationmethods, RFC 8657)", caa.told), "CAA");
  } else {
    add(findings, Verdict::ok, caa.told, "CAA");
  }
}

}  // namespace

/// A challenge name and where the DNS shows it.
struct DnsCheck::Subject {
  dns::Name challenge;
  dns::Location location{};
  config::ChallengeType type = config::ChallengeType::dns_01;
  std::string account_url{};  ///< where it matters; empty: not known
};

std::string text_of(const NameFindings& findings) {
  auto text = fmt::format("{} (certificate {})\n", findings.domain, findings.certificate);
  for (const auto& finding : findings.findings) {
    const auto* verdict = finding.verdict == Verdict::ok        ? "ok"
                          : finding.verdict == Verdict::warning ? "warning"
                                                                : "wrong";
    text += fmt::format("  {:<8} {}\n", verdict, fit_to_show(finding.text, 2048));
  }
  return text;
}

DnsCheck::DnsCheck(Loop& loop, const config::Config& config, std::uint16_t server_port, Touch touch)
    : loop_(loop),
      config_(config),
      server_port_(server_port),
      touch_(touch),
      discovery_(loop, resolvers_of(config), server_port, policy_of(config.propagation).servers()),
      zones_(loop, providers(config)),
      placement_(loop.clock(), discovery_, zones_, config.routes, issue::CertificateLog("--check")) {}

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
  co_await examine_caa(certificate, findings);
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
    const auto reply = co_await ask_resolvers({above, dns::Type::ns});
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

/// The records of the keys in service, of the next key, and of what targets still serve, as far as they are known.
Task<std::set<std::string>> DnsCheck::tlsa_values(NameFindings* findings) {
  const store::StateView state(config_.state_directory);
  const auto certificate = findings->certificate;
  std::set<std::string> values;
  std::optional<store::Certificate> remembered;
  try {
    remembered = co_await offload([state, certificate] { return state.certificate(certificate); });
  } catch (const Error& error) {
    add(findings, Verdict::warning,
        fmt::format("which TLSA records acmed has put there cannot be seen from here: {}", error.what()), "TLSA");
    co_return values;
  }
  if (!remembered || !remembered->dane || remembered->dane->values.empty()) {
    add(findings, Verdict::warning,
        fmt::format("acmed has put no TLSA record at {} yet: acmed --once {}", findings->domain, certificate), "TLSA");
    co_return values;
  }
  for (const auto& value : remembered->dane->values) {
    if (value.name == findings->domain && value.superfluous == Time{} && value.usable != Time{})
      values.insert(value.value);
  }
  co_return values;
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
    auto wanted = co_await tlsa_values(findings);
    co_await examine_tlsa_servers(name, location, std::move(wanted), findings);
  } catch (const Error& error) {
    add(findings, error, about);
  }
}

/// A service whose key has no record among those that stand there is refused by whoever looks at them (RFC 7672 §2.2).
Task<> DnsCheck::examine_tlsa_servers(dns::Name name, dns::Location location, std::set<std::string> wanted,
                                      NameFindings* findings) {
  constexpr const char* about = "TLSA";
  const auto looks = co_await issue::look_at_tlsa(name, std::move(location));
  for (const auto& look : looks) {
    if (!look.values) {
      add(findings, Verdict::warning, fmt::format("{}: {}", look.server.text(), look.said), about);
      continue;
    }
    std::vector<std::string> missing;
    std::ranges::set_difference(wanted, *look.values, std::back_inserter(missing));
    if (missing.empty()) {
      add(findings, Verdict::ok,
          fmt::format("{}: {} TLSA records, all {} of acmed's among them", look.server.text(), look.values->size(),
                      wanted.size()),
          about);
    } else {
      add(findings, Verdict::wrong,
          fmt::format("{} does not show the TLSA record {} at {}: somebody has removed it, or the server lags; acmed "
                      "puts it there again within a day, at once by: acmed --once {}",
                      look.server.text(), fmt::join(missing, ", "), name.text(), findings->certificate),
          about);
    }
  }
}

Task<> DnsCheck::examine_caa(const config::Certificate* certificate, NameFindings* findings) {
  const bool is_wildcard = findings->domain.starts_with("*.");
  const dns::Name domain(findings->domain.substr(is_wildcard ? 2 : 0));
  std::vector<Caa> records;
  auto at = domain;
  for (; !at.is_root(); at = at.parent()) {  // RFC 8659 §3
    const auto reply = co_await ask_resolvers({at, dns::Type{caa_type}});
    if (!reply) {
      add(findings, Verdict::warning,
          fmt::format("the CAA records of {} cannot be looked up: a CA issues nothing until they can", at.text()),
          "CAA");
      co_return;
    }
    records = caa_records_in(reply->wire);
    if (!records.empty()) break;
  }
  const auto has = [&records](const char* tag) {
    return std::ranges::any_of(records, [tag](const Caa& caa) { return caa.tag == tag; });
  };
  const std::string tag = is_wildcard && has("issuewild") ? "issuewild" : "issue";
  std::erase_if(records, [&tag](const Caa& caa) { return caa.tag != tag; });
  if (records.empty()) {
    add(findings, Verdict::ok, fmt::format("no CAA record restricts who may issue for {}", findings->domain), "CAA");
    co_return;
  }
  std::vector<std::string> allowed;
  for (const auto& caa : records) allowed.push_back(caa.issuer.empty() ? "nobody" : caa.issuer);
  const auto told = fmt::format("CAA ({}) at {} admits {}", tag, at.text(), fmt::join(allowed, ", "));
  auto cas = certificate->fallback_cas;
  cas.insert(cas.begin(), certificate->ca);
  for (const auto& ca : cas) {
    const auto own = co_await identities(ca);
    judge(ca, own, {told, tag, at.text(), records}, findings);
  }
}

/// How the CA is called in CAA records: caaIdentities of its directory (RFC 8555 §7.1.1); none when it does not tell.
Task<std::vector<std::string>> DnsCheck::identities(std::string ca) {
  const auto known = identities_.find(ca);
  if (known != identities_.end()) co_return known->second;
  std::vector<std::string> found;
  try {
    const auto& settings = config_.cas.at(ca);
    http::Settings of_client;
    of_client.extra_trust_pem = settings.trust_pem;
    http::Client client(loop_, of_client);
    http::Request request{"GET", settings.directory, {}, {}, directory_limit};
    const auto response = co_await client.send(std::move(request));
    const auto directory = json::parse(response.body);
    if (directory) {
      const auto* list = (*directory)["meta"]["caaIdentities"].as_array();
      for (std::size_t i = 0; list != nullptr && i < std::min(list->size(), most_identities); ++i) {
        const auto identity = (*list)[i].text_or();
        if (!identity.empty() && identity.size() <= longest_identity) found.push_back(in_lower_case(identity));
      }
    }
  } catch (const Error&) {
    // Not told.
  }
  identities_[ca] = found;
  co_return found;
}

/// The first answer (NOERROR or NXDOMAIN) of the resolvers; none when there is none.
Task<std::optional<dns::Reply>> DnsCheck::ask_resolvers(dns::Question question) {
  for (const auto& resolver : discovery_.resolvers()) {
    dns::AskOptions options;
    options.recursion_desired = true;
    options.patience.udp = std::chrono::seconds(3);
    auto reply = co_await dns::ask(resolver, question, options);
    const auto rcode = reply.message.rcode;
    if (reply.is_message() && (rcode == dns::Rcode::noerror || rcode == dns::Rcode::nxdomain)) co_return reply;
  }
  co_return std::nullopt;
}

}  // namespace acmed
