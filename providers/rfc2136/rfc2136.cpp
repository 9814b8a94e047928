// SPDX-License-Identifier: Apache-2.0
#include "providers/rfc2136/rfc2136.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <map>

#include "base/log.h"
#include "base/runtime/scope.h"
#include "config/challenge_label.h"
#include "dns/query.h"
#include "providers/kit/causes.h"
#include "providers/kit/halving.h"

namespace acmed::providers {
namespace {

using std::chrono::seconds;

constexpr std::size_t largest_datagram = 1000;  // unsigned; with TSIG within 1232, which no common path fragments
constexpr std::size_t largest_batch = 60'000;   // of records; leaves room in 64 KiB for header, zone and TSIG
constexpr Duration total_wait = seconds(15);    // for one message, with all its repetitions
constexpr Duration tcp_wait = seconds(5);       // many records take a server a while
constexpr dns::Patience soa_patience{seconds(1), seconds(3), true};
constexpr std::uint32_t longest_ttl = 86'400;  // what others have may be absurd
constexpr std::size_t record_overhead = 13;    // name's ends, type, class, ttl, length of data and of its string

/// The most that `change` takes in a message, its prerequisites included.
std::size_t size_of(const TxtChange& change) {
  return 3 * (change.name.text().size() + record_overhead) + change.value.size();
}

/// Messages that are small enough, each with its changes by name: the order at each name stays.
std::vector<std::vector<AtName>> batches_of(std::vector<TxtChange> changes) {
  std::ranges::stable_sort(changes, {}, &TxtChange::name);
  std::vector<std::vector<AtName>> batches;
  std::size_t size = 0;
  for (auto& change : changes) {
    size += size_of(change);
    if (batches.empty() || size > largest_batch) {
      batches.emplace_back();
      size = size_of(change);
    }
    auto& batch = batches.back();
    if (batch.empty() || batch.back().front().name != change.name) batch.emplace_back();
    batch.back().push_back(std::move(change));
  }
  return batches;
}

RrsetKey set_of(const TxtChange& change) {
  return {change.name, change.type};
}

/// A record added where a CNAME stands is ignored in silence (RFC 2136 §3.4.2.2), hence the prerequisite.
/// `must_be_free`: sets that may have no record yet.
std::vector<dns::UpdateEntry> entries_of(const std::vector<TxtChange>& changes,
                                         const std::set<RrsetKey>& must_be_free) {
  std::vector<dns::UpdateEntry> entries;
  std::set<RrsetKey> guarded;
  for (const auto& change : changes) {
    if (change.action != Action::add || !guarded.insert(set_of(change)).second) continue;
    entries.push_back({dns::UpdateEntry::Kind::no_cname, change.name, {}, 0});
    if (!must_be_free.contains(set_of(change))) continue;
    entries.push_back({dns::UpdateEntry::Kind::no_records, change.name, {}, 0, change.type});
  }
  for (const auto& change : changes) {
    const bool add = change.action == Action::add;
    entries.push_back({add ? dns::UpdateEntry::Kind::add : dns::UpdateEntry::Kind::remove, change.name, change.value,
                       add ? static_cast<std::uint32_t>(change.ttl.count()) : 0, change.type});
  }
  return entries;
}

/// The zone that an authoritative answer to a SOA question about `name` tells of.
std::optional<Zone> zone_in(const dns::Message& message, const dns::Name& name) {
  const bool answers = message.rcode == dns::Rcode::noerror || message.rcode == dns::Rcode::nxdomain;
  if (!answers || !message.authoritative) return std::nullopt;
  for (const auto* section : {&message.answer, &message.authority}) {
    for (const auto& record : *section) {
      if (record.type == dns::Type::soa && name.is_within(record.owner)) return Zone{record.owner, {}};
    }
  }
  return std::nullopt;
}

bool is_alias_in(const dns::Message& message, const dns::Name& name) {
  return message.authoritative && std::ranges::any_of(message.answer, [&](const dns::Record& record) {
           return record.type == dns::Type::cname && record.owner == name;
         });
}

/// Whether the server does not answer questions of ours, and may take updates nevertheless.
bool is_refusal(const dns::Reply& reply) {
  if (!reply.is_message()) return false;
  const auto rcode = reply.message.rcode;
  return rcode == dns::Rcode::refused || rcode == dns::Rcode::notimp || rcode == dns::Rcode::notauth;
}

/// Whether the server does not know the key, or not as we do: without it, it may answer.
bool concerns_key(const Error& failure) {
  return failure.cause() == cause::unsigned_answer || failure.cause() == cause::unknown_key ||
         failure.cause() == cause::wrong_signature;
}

std::string said_by(const dns::Endpoint& server, const dns::Reply& reply) {
  return fmt::format("{}: {}", server.text(), dns::to_text(reply));
}

}  // namespace

Rfc2136::Rfc2136(const std::string& name, const config::Rfc2136& configured, const Loop& loop,
                 dns::Discovery& discovery, dns::Name zone)
    : clock_(loop.clock()),
      discovery_(discovery),
      probe_(std::move(zone)),
      zones_(loop.clock()),
      zones_of_parents_(loop.clock()),
      name_servers_(loop.clock()) {
  if (!configured.zone.empty()) fixed_zone_ = Zone{dns::Name(configured.zone), {}};
  parties_ = {name, configured.server, configured.tsig ? configured.tsig->name : std::string()};
  endpoint_ = dns::Endpoint::parse(configured.server);
  if (!endpoint_) {
    const std::string_view server = configured.server;
    const auto colon = server.rfind(':');
    host_ = dns::Name(server.substr(0, colon));
    if (colon != std::string_view::npos) {
      std::from_chars(server.data() + colon + 1, server.data() + server.size(), port_);
    }
  }
  if (configured.tsig) {
    key_secret_ = configured.tsig->secret;
    key_ = dns::TsigKey{dns::Name(configured.tsig->name), configured.tsig->algorithm, key_secret_.latest()};
  }
}

Task<std::vector<dns::Endpoint>> Rfc2136::addresses() {
  if (endpoint_) co_return std::vector{*endpoint_};
  auto found = co_await discovery_.addresses(host_, port_);
  if (found.empty()) {
    throw Refused("dns:no-address", fmt::format("the server {} has no address in the DNS", host_.text()));
  }
  co_return found;
}

Task<std::optional<Zone>> Rfc2136::zone_of(dns::Name name) {
  return zone_for(std::move(name), {});
}

Task<std::optional<Zone>> Rfc2136::zone_for(dns::Name name, dns::Name in_dns) {
  if (fixed_zone_ && name.is_within(fixed_zone_->apex)) co_return fixed_zone_;
  if (fixed_zone_) co_return std::nullopt;
  const auto told = co_await told_zone(name);
  if (!told.zone) {
    // The answer to the update will show whether it is the server's zone. A name that is directly in a top-level domain
    // has none.
    if (!told.refusal.empty() && in_dns.label_count() > 1) co_return Zone{in_dns, {}};
    co_return std::nullopt;
  }
  const bool is_deeper = !in_dns.is_root() && told.zone->apex != in_dns && told.zone->apex.is_within(in_dns);
  if (!is_deeper) co_return told.zone;
  // A zone that nobody delegates may be left over beside the one that the world sees.
  const auto seen = co_await zones_.get(in_dns, find_zone(in_dns));
  const bool has_it = seen.zone && seen.zone->apex == in_dns;
  co_return has_it ? seen.zone : told.zone;
}

Task<Rfc2136::Told> Rfc2136::told_zone(dns::Name name) {
  // A challenge name is often delegated, and has no neighbours that it could share a question with.
  if (config::begins_with_challenge_label(name)) co_return co_await zones_.get(name, find_zone(name));
  // The targets of aliases do, by the hundred: names with the same parent are in the same zone, but for an apex.
  const auto shared = co_await zones_of_parents_.get(name.parent(), find_zone(name));
  if (!shared.zone || name.parent().is_within(shared.zone->apex)) co_return shared;
  co_return co_await zones_.get(name, find_zone(name));
}

Task<Rfc2136::Told> Rfc2136::find_zone(dns::Name name) {
  std::vector<std::string> said;
  bool answered = false;
  Told told;
  const auto servers = co_await addresses();
  for (const auto& server : servers) {
    const auto reply = co_await ask(server, {name, dns::Type::soa});
    if (reply.is_message() && reply.message.rcode != dns::Rcode::servfail) {
      told.zone = zone_in(reply.message, name);
      if (told.zone) co_return Told{told.zone, {}};
      const bool alias = is_alias_in(reply.message, name);
      if (alias) co_return co_await find_zone(name.parent());
      answered = true;
    }
    said.push_back(said_by(server, reply));
    if (is_refusal(reply)) told.refusal = said.back();
  }
  if (answered) co_return told;
  throw Retry("dns:timeout",
              fmt::format("server {} does not tell its zone for {} ({}); if it takes updates and answers no questions, "
                          "give `zone` in [provider.{}]",
                          parties_.server, name.text(), fmt::join(said, ", "), parties_.provider));
}

/// With its secret as it is now.
Task<std::optional<dns::TsigKey>> Rfc2136::key() {
  if (key_) key_->secret = co_await key_secret_.current();
  co_return key_;
}

/// Signed, and without the key where the server does not know that: one which passes updates on need not. Knot signs no
/// refusal of a zone that it does not serve.
Task<dns::Reply> Rfc2136::ask(dns::Endpoint server, dns::Question question) {
  const auto signing = co_await key();
  try {
    co_return co_await dns::ask(server, question, {false, soa_patience, signing ? &*signing : nullptr});
  } catch (const Error& error) {
    if (!concerns_key(error)) throw;
  }
  co_return co_await dns::ask(server, question, {false, soa_patience, nullptr});
}

Task<std::set<dns::Name>> Rfc2136::name_servers(Zone zone) {
  return name_servers_.get(zone.apex, find_name_servers(zone.apex));
}

Task<std::set<dns::Name>> Rfc2136::find_name_servers(dns::Name apex) {
  std::set<dns::Name> hosts;
  const auto servers = co_await addresses();
  for (const auto& server : servers) {
    const auto reply = co_await ask(server, {apex, dns::Type::ns});
    if (!reply.is_message() || !reply.message.authoritative) continue;
    for (const auto& record : reply.message.answer) {
      const auto* target = std::get_if<dns::Target>(&record.data);
      if (target != nullptr && record.type == dns::Type::ns && record.owner == apex) hosts.insert(target->name);
    }
    break;
  }
  co_return hosts;
}

Task<> Rfc2136::apply(Zone zone, std::vector<TxtChange> changes) {
  std::vector<Refusal> refusals;
  Progress progress;
  const auto send = [this, apex = zone.apex, &progress](std::vector<AtName> names) {
    return change(apex, std::move(names), &progress);
  };
  auto batches = batches_of(std::move(changes));
  for (auto& batch : batches) {
    const auto refused = co_await send_by_halves<dns::Rcode>(std::move(batch), send);
    for (const auto& [at_name, rcode] : refused) {
      refusals.push_back({at_name.front().name, at_name.size(), rcode, at_name.front().type});
    }
  }
  if (!refusals.empty()) throw_for_names(refusals, parties_, zone.apex);
}

Task<std::optional<std::string>> Rfc2136::check_credentials() {
  const auto signing = co_await key();
  if (!signing) co_return std::nullopt;
  std::optional<std::string> warning;
  const auto servers = co_await addresses();
  for (const auto& server : servers) {
    try {
      co_await dns::ask(server, {probe_, dns::Type::soa}, {false, soa_patience, &*signing});
    } catch (const Error& error) {
      if (error.cause() == cause::unsigned_answer) continue;
      if (error.cause() != cause::unknown_key) throw;
      warning = fmt::format("{}, unless it passes updates on to one that does", error.what());
    }
  }
  co_return warning;
}

/// Gives the server's refusal when it may concern only some of the names.
Task<std::optional<dns::Rcode>> Rfc2136::change(dns::Name zone, std::vector<AtName> names, Progress* progress) {
  std::vector<TxtChange> changes;
  for (const auto& at_name : names) changes.insert(changes.end(), at_name.begin(), at_name.end());
  const auto rcode = co_await update(zone, std::move(changes));
  if (rcode == dns::Rcode::noerror) {
    progress->some_made = true;
    co_return std::nullopt;
  }
  // A single name may be what the server fails at; then some half, half of the half ... goes through. Where none does,
  // it fails for the whole zone, and is not to be asked for each name.
  const auto enough = static_cast<std::size_t>(std::bit_width(names.size()));
  if (rcode == dns::Rcode::servfail && !progress->some_made && ++progress->failures == 1) {
    progress->bound = enough + 2;
  }
  const bool is_hopeless =
      rcode == dns::Rcode::servfail && !progress->some_made && progress->failures >= progress->bound;
  if (is_hopeless || !may_concern_one_name(rcode)) throw_for_zone(rcode, parties_, zone, names.front().front().name);
  co_return rcode;
}

/// What others have at a name keeps its TTL: all records of a name and type share one (RFC 2181 §5.2), and an update
/// sets it. So that nothing has to be looked at in the usual case, the update asks for sets without records first.
Task<dns::Rcode> Rfc2136::update(dns::Name zone, std::vector<TxtChange> changes) {
  std::set<RrsetKey> must_be_free;
  for (const auto& change : changes) {
    if (change.action == Action::add && !is_ours_alone(set_of(change))) must_be_free.insert(set_of(change));
  }
  auto rcode = co_await deliver(zone, entries_of(changes, must_be_free));
  if (rcode == dns::Rcode::yxrrset && !must_be_free.empty()) {
    must_be_free = co_await take_over_ttls(&changes);
    rcode = co_await deliver(zone, entries_of(changes, {}));
  }
  if (rcode != dns::Rcode::noerror) co_return rcode;
  for (const auto& change : changes) {
    if (change.action == Action::remove) ours_alone_.erase(set_of(change));
  }
  ours_alone_.insert(must_be_free.begin(), must_be_free.end());
  co_return rcode;
}

/// Gives the sets in which nothing stands.
Task<std::set<RrsetKey>> Rfc2136::take_over_ttls(std::vector<TxtChange>* changes) {
  std::map<RrsetKey, std::vector<TxtChange*>> additions;
  for (auto& change : *changes) {
    if (change.action == Action::add && !is_ours_alone(set_of(change))) additions[set_of(change)].push_back(&change);
  }
  std::vector<Task<std::optional<RrsetKey>>> looks;
  for (auto& [set, in_set] : additions) looks.push_back(take_over_ttl(std::move(in_set)));
  const auto free_sets = co_await when_all(std::move(looks));
  std::set<RrsetKey> free;
  for (const auto& set : free_sets) {
    if (set) free.insert(*set);
  }
  co_return free;
}

/// Gives the set when nothing stands there. Where the server does not answer questions, the TTL is ours.
Task<std::optional<RrsetKey>> Rfc2136::take_over_ttl(std::vector<TxtChange*> in_set) {
  const auto set = set_of(*in_set.front());
  try {
    const auto servers = co_await addresses();
    const auto reply = co_await ask(servers.front(), {set.name, set.type});
    const auto rcode = reply.message.rcode;
    if (!reply.is_message() || (rcode != dns::Rcode::noerror && rcode != dns::Rcode::nxdomain)) co_return std::nullopt;
    if (reply.message.answer.empty()) co_return set;
    for (const auto& record : reply.message.answer) {
      if (record.type != set.type || record.owner != set.name) continue;
      for (auto* change : in_set) change->ttl = std::chrono::seconds(std::min(record.ttl, longest_ttl));
    }
  } catch (const Error& error) {
    log::debug(error.what());
  }
  co_return std::nullopt;
}

/// The server's answer. Without one, it is not known whether the changes were made: the same is sent again, which does
/// no harm, until the time is over. An answer that may be forged (RFC 8945 §5.3) is none; it is told when nothing
/// better came.
Task<dns::Rcode> Rfc2136::deliver(dns::Name zone, std::vector<dns::UpdateEntry> entries) {
  static constexpr std::array attempts = {Attempt{false, seconds(1)}, Attempt{false, seconds(2)},
                                          Attempt{false, seconds(3)}, Attempt{true, tcp_wait}};
  const auto start = clock_.moment();
  const auto servers = co_await addresses();
  std::vector<std::string> said;
  std::exception_ptr rejected;
  bool cut = false;
  bool sent = false;
  for (const auto& attempt : attempts) {
    bool silent = false;
    said.clear();
    for (const auto& server : servers) {
      const auto left = total_wait - (clock_.moment() - start);
      const auto reply = co_await send(server, zone, entries, {attempt.tcp || cut, std::min(attempt.wait, left)});
      if (reply.is_message() && !reply.message.truncated) co_return reply.message.rcode;
      cut = cut || reply.is_message();
      if (reply.rejected) rejected = reply.rejected;
      silent =
          silent || reply.is_message() || reply.outcome == dns::Reply::Outcome::silent || reply.may_pass_as_stream();
      sent = sent || reply.outcome != dns::Reply::Outcome::no_route;
      said.push_back(said_by(server, reply));
    }
    if (!silent || clock_.moment() - start >= total_wait) break;
  }
  if (rejected) std::rethrow_exception(rejected);
  if (!sent) {
    throw Retry("dns:no-route", fmt::format("the update of zone {} cannot be sent to server {} ({})", zone.text(),
                                            parties_.server, fmt::join(said, ", ")));
  }
  throw Retry("dns:timeout",
              fmt::format("server {} did not answer the update of zone {}, so whether it was made is not "
                          "known ({})",
                          parties_.server, zone.text(), fmt::join(said, ", ")));
}

Task<dns::Reply> Rfc2136::send(dns::Endpoint server, dns::Name zone, std::vector<dns::UpdateEntry> entries,
                               Attempt attempt) {
  const auto signing = co_await key();
  auto request = dns::make_update(zone, entries);
  const bool tcp = attempt.tcp || request.wire.size() > largest_datagram;
  const auto limit = tcp ? std::max(attempt.wait, tcp_wait) : attempt.wait;
  co_return co_await dns::exchange_signed(server, std::move(request), tcp ? dns::Transport::tcp : dns::Transport::udp,
                                          limit, {signing ? &*signing : nullptr, "server " + parties_.server, false});
}

}  // namespace acmed::providers
