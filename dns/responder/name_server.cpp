// SPDX-License-Identifier: Apache-2.0
#include "dns/responder/name_server.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "base/error.h"
#include "base/log.h"

namespace acmed::dns::responder {
namespace {

constexpr Duration pause_between_tries = std::chrono::seconds(10);

template <class Map>
void close_all_but(const std::vector<Listening>& wanted, Map& open) {
  std::erase_if(open, [&](const auto& each) { return std::ranges::find(wanted, each.first) == wanted.end(); });
}

/// "192.0.2.1 (UDP and TCP), 192.0.2.2 (TCP)".
std::string texts(const std::vector<Listening>& all) {
  std::map<Endpoint, std::set<std::string>> kinds;
  for (const auto& each : all) kinds[each.endpoint].insert(each.type == SOCK_DGRAM ? "UDP" : "TCP");
  std::vector<std::string> result;
  for (const auto& [endpoint, of_endpoint] : kinds) {
    result.push_back(
        fmt::format("{} ({})", endpoint.text(), of_endpoint.size() == 2 ? "UDP and TCP" : *of_endpoint.begin()));
  }
  return fmt::format("{}", fmt::join(result, ", "));
}

}  // namespace

NameServer::NameServer(Loop& loop, std::string name)
    : loop_(loop), name_(std::move(name)), batch_(Datagrams::make_batch()), connections_(loop, zones_, cookies_) {}

NameServer::~NameServer() = default;

void NameServer::configure(const Settings& settings) {
  Zones zones(settings.zones, serial_now());
  zones.take_values(zones_);
  zones_ = std::move(zones);
  limiter_ = RateLimiter(settings.responses_per_second);
  listen_ = settings.listen;
  const auto still_wanted = wanted(inherited_sockets());
  close_all_but(still_wanted, datagrams_);
  close_all_but(still_wanted, listeners_);
  last_trouble_.clear();
  try_to_listen();
}

std::vector<Listening> NameServer::wanted(const std::vector<InheritedSocket>& inherited) const {
  std::vector<Listening> all;
  for (const auto& endpoint : listen_) {
    all.push_back({endpoint, SOCK_DGRAM});
    all.push_back({endpoint, SOCK_STREAM});
  }
  if (!listen_.empty()) return all;
  for (const auto& each : inherited) all.push_back(each.listening);
  return all;
}

void NameServer::listen() {
  const auto inherited = inherited_sockets();
  const auto all = wanted(inherited);
  for (const auto& [type, word] : {std::pair(SOCK_DGRAM, "ListenDatagram"), std::pair(SOCK_STREAM, "ListenStream")}) {
    if (std::ranges::any_of(all, [type = type](const Listening& each) { return each.type == type; })) continue;
    throw Retry(
        "listen:none",
        fmt::format("there is no {} socket: set its `listen`, or let systemd open one by {}= in acmed.socket and "
                    "start that before acmed",
                    type == SOCK_DGRAM ? "UDP" : "TCP", word));
  }
  std::vector<Listening> opened;
  std::exception_ptr failure;
  for (const auto& each : all) {
    if (datagrams_.contains(each) || listeners_.contains(each)) continue;
    try {
      open(each, inherited);
      opened.push_back(each);
    } catch (const Retry&) {
      if (!failure) failure = std::current_exception();
    }
  }
  if (!opened.empty()) log::info(fmt::format("{}: answers DNS questions on {}", name_, texts(opened)));
  if (failure) std::rethrow_exception(failure);
  last_trouble_.clear();
}

void NameServer::open(const Listening& listening, const std::vector<InheritedSocket>& inherited) {
  auto socket = open_socket(listening, inherited);
  if (listening.type == SOCK_STREAM) {
    listeners_.emplace(listening, connections_.listen(std::move(socket)));
  } else {
    datagrams_.emplace(listening, std::make_unique<Datagrams>(loop_, std::move(socket), listening.endpoint, zones_,
                                                              cookies_, limiter_, batch_));
  }
}

void NameServer::try_to_listen() noexcept {
  std::string trouble;
  try {
    listen();
  } catch (const std::exception& error) {
    trouble = error.what();
  }
  if (trouble.empty()) return;
  if (trouble != last_trouble_) log::warning(fmt::format("{}: {}", name_, trouble));
  last_trouble_ = trouble;
  loop_.set_timer(next_try_, loop_.clock().moment() + pause_between_tries, [this] { try_to_listen(); });
}

void NameServer::commit() {
  zones_.commit(serial_now());
}

std::vector<Listening> NameServer::listening() const {
  std::vector<Listening> all;
  for (const auto& [listening, socket] : datagrams_) all.push_back(listening);
  for (const auto& [listening, socket] : listeners_) all.push_back(listening);
  return all;
}

/// Seconds of the calendar, so that a serial is higher than all before a restart.
std::uint32_t NameServer::serial_now() const {
  const auto now = std::chrono::floor<std::chrono::seconds>(loop_.clock().now());
  return static_cast<std::uint32_t>(now.time_since_epoch().count());
}

}  // namespace acmed::dns::responder
