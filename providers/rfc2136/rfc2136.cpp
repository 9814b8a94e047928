// SPDX-License-Identifier: Apache-2.0
#include "providers/rfc2136/rfc2136.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <set>

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
constexpr std::size_t record_overhead = 13;  // name's ends, type, class, ttl, length of data and of its string

/// The most that `change` takes in a message, its prerequisite included.
std::size_t size_of(const TxtChange& change) {
  return 2 * (change.name.text().size() + record_overhead) + change.value.size();
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

/// A TXT record added where a CNAME stands is ignored in silence (RFC 2136 §3.4.2.2), hence the prerequisite.
std::vector<dns::UpdateEntry> entries_of(const std::vector<TxtChange>& changes) {
  std::vector<dns::UpdateEntry> entries;
  std::set<dns::Name> guarded;
  for (const auto& change : changes) {
    if (change.action == Action::add && guarded.insert(change.name).second) {
      entries.push_back({dns::UpdateEntry::Kind::no_cname, change.name, {}, 0});
    }
  }
  for (const auto& change : changes) {
    const bool add = change.action == Action::add;
    entries.push_back({add ? dns::UpdateEntry::Kind::add_txt : dns::UpdateEntry::Kind::remove_txt, change.name,
                       change.value, add ? static_cast<std::uint32_t>(change.ttl.count()) : 0});
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

std::string said_by(const dns::Endpoint& server, const dns::Reply& reply) {
  return fmt::format("{}: {}", server.text(), dns::to_text(reply));
}

}  // namespace

Rfc2136::Rfc2136(const std::string& name, const config::Rfc2136& configured, const Loop& loop,
                 dns::Discovery& discovery)
    : clock_(loop.clock()), discovery_(discovery), zones_(loop.clock()), zones_of_parents_(loop.clock()) {
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
  // A challenge name is often delegated, and has no neighbours that it could share a question with.
  if (name.starts_with(config::challenge_label)) co_return co_await zones_.get(name, find_zone(name));
  // The targets of aliases do, by the hundred: names with the same parent are in the same zone, but for an apex.
  const auto shared = co_await zones_of_parents_.get(name.parent(), find_zone(name));
  if (!shared || name.parent().is_within(shared->apex)) co_return shared;
  co_return co_await zones_.get(name, find_zone(name));
}

Task<std::optional<Zone>> Rfc2136::find_zone(dns::Name name) {
  std::vector<std::string> said;
  bool answered = false;
  const auto servers = co_await addresses();
  for (const auto& server : servers) {
    const auto reply = co_await ask_for_soa(server, name);
    if (reply.is_message() && reply.message.rcode != dns::Rcode::servfail) {
      const auto zone = zone_in(reply.message, name);
      if (zone) co_return zone;
      const bool alias = is_alias_in(reply.message, name);
      if (alias) co_return co_await find_zone(name.parent());
      answered = true;
    }
    said.push_back(said_by(server, reply));
  }
  if (answered) co_return std::nullopt;
  throw Retry("dns:timeout", fmt::format("server {} does not tell its zone for {} ({})", parties_.server, name.text(),
                                         fmt::join(said, ", ")));
}

/// With its secret as it is now.
Task<std::optional<dns::TsigKey>> Rfc2136::key() {
  if (key_) key_->secret = co_await key_secret_.current();
  co_return key_;
}

/// Knot signs no refusal of a zone that it does not serve; then it refuses without the key as well.
Task<dns::Reply> Rfc2136::ask_for_soa(dns::Endpoint server, dns::Name name) {
  const dns::Question question{name, dns::Type::soa};
  const auto signing = co_await key();
  std::exception_ptr not_signed;
  try {
    co_return co_await dns::ask(server, question, {false, soa_patience, signing ? &*signing : nullptr});
  } catch (const Error& error) {
    if (error.cause() != cause::unsigned_answer) throw;
    not_signed = std::current_exception();
  }
  auto reply = co_await dns::ask(server, question, {false, soa_patience, nullptr});
  const bool refuses = reply.is_message() && reply.message.rcode == dns::Rcode::refused;
  if (!refuses) std::rethrow_exception(not_signed);
  co_return reply;
}

Task<> Rfc2136::apply(Zone zone, std::vector<TxtChange> changes) {
  std::vector<Refusal> refusals;
  const auto send = [this, apex = zone.apex](std::vector<AtName> names) { return change(apex, std::move(names)); };
  auto batches = batches_of(std::move(changes));
  for (auto& batch : batches) {
    const auto refused = co_await send_by_halves<dns::Rcode>(std::move(batch), send);
    for (const auto& [at_name, rcode] : refused) refusals.push_back({at_name.front().name, rcode});
  }
  if (!refusals.empty()) throw_for_names(refusals, parties_, zone.apex);
}

/// Gives the server's refusal when it may concern only some of the names.
Task<std::optional<dns::Rcode>> Rfc2136::change(dns::Name zone, std::vector<AtName> names) {
  std::vector<TxtChange> changes;
  for (const auto& at_name : names) changes.insert(changes.end(), at_name.begin(), at_name.end());
  const auto rcode = co_await update(zone, std::move(changes));
  if (rcode == dns::Rcode::noerror) co_return std::nullopt;
  if (!may_concern_one_name(rcode)) throw_for_zone(rcode, parties_, zone);
  co_return rcode;
}

/// The server's answer. Without one, it is not known whether the changes were made: the same is sent again, which does
/// no harm, until the time is over. An answer that may be forged (RFC 8945 §5.3) is none; it is told when nothing
/// better came.
Task<dns::Rcode> Rfc2136::update(dns::Name zone, std::vector<TxtChange> changes) {
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
      const auto reply = co_await send(server, zone, changes, {attempt.tcp || cut, std::min(attempt.wait, left)});
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

Task<dns::Reply> Rfc2136::send(dns::Endpoint server, dns::Name zone, std::vector<TxtChange> changes, Attempt attempt) {
  const auto signing = co_await key();
  auto request = dns::make_update(zone, entries_of(changes));
  const bool tcp = attempt.tcp || request.wire.size() > largest_datagram;
  const auto limit = tcp ? std::max(attempt.wait, tcp_wait) : attempt.wait;
  co_return co_await dns::exchange_signed(server, std::move(request), tcp ? dns::Transport::tcp : dns::Transport::udp,
                                          limit, {signing ? &*signing : nullptr, "server " + parties_.server, false});
}

}  // namespace acmed::providers
