// SPDX-License-Identifier: Apache-2.0
#include "dns/resolver.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/log.h"
#include "base/runtime/scope.h"
#include "base/runtime/sleep.h"
#include "dns/aliases.h"
#include "dns/query.h"

namespace acmed::dns {
namespace {

constexpr Duration first_wait = std::chrono::seconds(1);  // grows by as much with every round
constexpr Duration total_wait = std::chrono::seconds(10);
constexpr Duration tcp_wait = std::chrono::seconds(3);

std::string type_text(Type type) {
  switch (type) {
    case Type::a:
      return "A";
    case Type::aaaa:
      return "AAAA";
    case Type::ns:
      return "NS";
    case Type::soa:
      return "SOA";
    case Type::cname:
      return "CNAME";
    default:
      return fmt::format("TYPE{}", static_cast<unsigned>(type));
  }
}

/// No resolver has said anything: it would be the same for any other name.
bool is_about_resolvers(const Retry& failure) {
  return failure.cause() == "dns:timeout" || failure.cause() == "dns:no-route" || failure.cause() == "dns:no-resolver";
}

/// A resolver in a private network may have no answer for one of the address types, whatever the name.
bool is_not_offered(const Retry& failure) {
  return failure.cause() == "dns:NOTIMP" || failure.cause() == "dns:FORMERR" || failure.cause() == "dns:REFUSED";
}

/// The apex that an answer to a SOA question tells of: in the answer when the name is an apex itself, else in the
/// authority section (RFC 2308 §3), where only an ancestor of the name can be right.
std::optional<Name> apex_in(const Message& message, const Name& name) {
  for (const auto& record : message.answer) {
    if (record.owner != name) continue;
    if (record.type == Type::soa) return name;
    if (record.type == Type::cname) return std::nullopt;  // the SOA may be that of the target's zone
  }
  for (const auto& record : message.authority) {
    if (record.type == Type::soa && name.is_within(record.owner) && !record.owner.is_root()) return record.owner;
  }
  return std::nullopt;
}

}  // namespace

Resolver::Resolver(const Loop& loop, Resolvers resolvers)
    : clock_(loop.clock()), resolvers_(std::move(resolvers)), zones_(clock_), name_servers_(clock_), octets_(clock_) {}

void Resolver::forget() {
  zones_.forget();
  name_servers_.forget();
  octets_.forget();
}

void Resolver::look_for_change() {
  if (!resolvers_.look()) return;
  ++changes_;
  first_ = 0;
  forget();
}

bool Resolver::any_on_loopback() const {
  return std::ranges::any_of(resolvers_.list(), &Endpoint::is_loopback);
}

bool Resolver::any_on_link() const {
  return std::ranges::any_of(resolvers_.list(), &Endpoint::is_link_local);
}

/// For people.
std::string Resolver::texts() const {
  std::vector<std::string> texts;
  for (const auto& resolver : resolvers_.list()) texts.push_back(resolver.text());
  return fmt::format("{}", fmt::join(texts, ", "));
}

std::vector<Endpoint> Resolver::in_turn() const {
  auto resolvers = resolvers_.list();
  if (resolvers.empty()) return resolvers;
  const auto first = static_cast<std::ptrdiff_t>(first_ % resolvers.size());
  std::rotate(resolvers.begin(), resolvers.begin() + first, resolvers.end());
  return resolvers;
}

/// The one after it is asked first from now on; of questions under way at the same time the first to notice moves on.
void Resolver::ask_later(const Endpoint& resolver) {
  const auto& list = resolvers_.list();
  if (!list.empty() && list[first_ % list.size()] == resolver) ++first_;
}

/// A NOERROR or NXDOMAIN answer. A silent resolver is left for the next one after a second; one that says SERVFAIL or
/// REFUSED, or to which no way leads, is not asked again. Where resolv.conf changes meanwhile, those that it names then
/// are asked.
Task<Message> Resolver::ask(Question question) {
  look_for_change();
  const auto start = clock_.moment();
  auto changes = changes_;
  auto left_to_ask = in_turn();
  if (left_to_ask.empty()) {
    throw Retry("dns:no-resolver", fmt::format("{} {} cannot be looked up: no resolver is known that could be asked",
                                               type_text(question.type), question.name.with_dot()));
  }
  std::string cause = "dns:no-route";
  std::vector<std::string> said;
  for (Duration wait = first_wait; !left_to_ask.empty(); wait += first_wait) {
    look_for_change();
    if (changes != changes_) {
      changes = changes_;
      left_to_ask = in_turn();
      said.clear();
    }
    const auto round_end = std::min(clock_.moment() + wait, start + total_wait);
    std::vector<Endpoint> silent;
    for (const auto& resolver : left_to_ask) {
      const auto left = total_wait - (clock_.moment() - start);
      if (left <= Duration::zero()) {
        silent.push_back(resolver);
        continue;
      }
      const Patience patience{std::min(wait, left), tcp_wait, false};
      auto reply =
          co_await dns::ask(resolver, question, {.recursion_desired = true, .patience = patience, .accept_cut = true});
      const auto rcode = reply.message.rcode;
      // Part of a list of servers or addresses is not the list.
      const bool is_whole = !reply.message.truncated || question.type == Type::soa || question.type == Type::cname;
      if (reply.is_message() && is_whole && (rcode == Rcode::noerror || rcode == Rcode::nxdomain)) {
        co_return std::move(reply.message);
      }
      if (reply.outcome == Reply::Outcome::silent) {
        silent.push_back(resolver);
        ask_later(resolver);
        continue;
      }
      said.push_back(fmt::format("{}: {}", resolver.text(), to_text(reply)));
      if (reply.outcome == Reply::Outcome::no_route) {
        ask_later(resolver);
      } else if (reply.is_message() && is_whole && cause != "dns:SERVFAIL") {
        cause = "dns:" + to_text(rcode);  // that one fails weighs more than that another does not want to
      } else if (cause == "dns:no-route") {
        cause = "dns:timeout";
      }
    }
    if (clock_.moment() - start >= total_wait) {
      for (const auto& resolver : silent) said.push_back(resolver.text() + ": no answer");
      if (!silent.empty() && cause != "dns:SERVFAIL") cause = "dns:timeout";
      break;
    }
    left_to_ask = std::move(silent);
    // However early those that count as silent did so, nobody is asked again before the round is over.
    if (!left_to_ask.empty()) co_await sleep_for(round_end - clock_.moment());
  }
  const auto* hint = cause == "dns:SERVFAIL" ? ": often its DNSSEC is broken, or its name servers fail" : "";
  throw Retry(cause, fmt::format("no resolver could look up {} {} ({}){}", type_text(question.type),
                                 question.name.with_dot(), fmt::join(said, ", "), hint));
}

Task<Name> Resolver::zone_of(const Name& name) {
  return zones_.get(name, find_zone(name));
}

Task<Name> Resolver::find_zone(Name name) {
  if (name.is_root()) throw Refused("dns:no-zone", "no zone below the root was found");
  std::optional<Retry> failure;
  bool soa_is_hidden = true;
  try {
    const auto message = co_await ask({name, Type::soa});
    if (const auto apex = apex_in(message, name)) co_return *apex;
    soa_is_hidden = message.rcode == Rcode::noerror && !alias_in(message, name);
  } catch (const Retry& error) {
    if (is_about_resolvers(error)) throw;
    // Some servers fail for the SOA of a name without records, and know the zone above it well.
    failure = error;
  }
  if (soa_is_hidden) {
    const bool is_apex = co_await is_apex_by_name_servers(name);
    if (is_apex) co_return name;
  }
  try {
    co_return co_await zone_of(name.parent());
  } catch (const Refused&) {
    if (failure) throw *failure;
    throw Refused("dns:no-zone",
                  fmt::format("no zone holds {}: the resolvers ({}) know neither it nor a name above it; others can be "
                              "set as resolvers in [propagation]",
                              name.text(), texts()));
  }
}

/// Some resolvers (dnsmasq with filterwin2k, and routers) answer no question about SOA.
Task<bool> Resolver::is_apex_by_name_servers(Name name) {
  if (name.label_count() < 2) co_return false;  // nobody's names are in a top-level domain itself
  try {
    const auto hosts = co_await name_servers(name);
    co_return !hosts.empty();
  } catch (const Retry& failure) {
    log::debug(failure.what());
    co_return false;
  }
}

Task<Resolver::Told> Resolver::tell(Name name) {
  const auto message = co_await ask({name, Type::cname});
  Told told{alias_in(message, name), std::nullopt};
  if (!told.alias_of) told.zone = apex_in(message, name);
  co_return told;
}

Task<std::vector<Name>> Resolver::name_servers(const Name& apex) {
  return name_servers_.get(apex, find_name_servers(apex));
}

Task<std::vector<Name>> Resolver::find_name_servers(Name apex) {
  const auto message = co_await ask({apex, Type::ns});
  std::vector<Name> hosts;
  for (const auto& record : message.answer) {
    if (record.owner != apex || record.type != Type::ns) continue;
    if (const auto* target = std::get_if<Target>(&record.data)) hosts.push_back(target->name);
  }
  co_return hosts;
}

Task<std::vector<Endpoint>> Resolver::addresses(Name host, std::uint16_t port) {
  const auto octets = co_await octets_.get(host, find_octets(host));
  std::vector<Endpoint> endpoints;
  for (const auto& each : octets) {
    if (const auto endpoint = Endpoint::from_octets(each, port)) endpoints.push_back(*endpoint);
  }
  co_return endpoints;
}

/// A failure is none only where the other address type was told: half of a host's addresses are not enough to say that
/// all of them show a value.
Task<std::vector<std::string>> Resolver::find_octets(Name host) {
  std::vector<Task<AddressAnswer>> questions;
  questions.push_back(ask_for_addresses({host, Type::a}));
  questions.push_back(ask_for_addresses({host, Type::aaaa}));
  const auto answers = co_await when_all(std::move(questions));
  const bool one_is_told = !answers[0].failure || !answers[1].failure;
  std::vector<std::string> octets;
  for (const auto& answer : answers) {
    if (answer.failure && !(one_is_told && is_not_offered(*answer.failure))) throw *answer.failure;
    if (answer.failure) log::debug(answer.failure->what());
    octets.insert(octets.end(), answer.octets.begin(), answer.octets.end());
  }
  co_return octets;
}

Task<Resolver::AddressAnswer> Resolver::ask_for_addresses(Question question) {
  AddressAnswer answer;
  try {
    const auto message = co_await ask(std::move(question));
    // Whatever the owner: the resolver followed the aliases.
    for (const auto& record : message.answer) {
      if (const auto* address = std::get_if<Address>(&record.data)) answer.octets.push_back(address->octets);
    }
  } catch (const Retry& failure) {
    answer.failure = failure;
  }
  co_return answer;
}

}  // namespace acmed::dns
