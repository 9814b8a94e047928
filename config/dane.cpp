// SPDX-License-Identifier: Apache-2.0
#include "config/dane.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "config/names.h"

namespace acmed::config {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t most_names = 20;
constexpr Duration shortest_ttl = 1s;
constexpr Duration longest_ttl = 24h;

/// RFC 6698 §3.
constexpr std::array<std::string_view, 3> transports = {"_tcp", "_udp", "_sctp"};
/// The types of providers that write TLSA records; a provider's publishes() tells the same.
constexpr std::array<std::string_view, 4> able = {"cloudflare", "powerdns", "rfc2136", "route53"};

bool is_port(std::string_view label) {
  if (!label.starts_with('_')) return false;
  label.remove_prefix(1);
  std::uint16_t port = 0;
  const auto* end = label.data() + label.size();
  const auto [stop, error] = std::from_chars(label.data(), end, port);
  return error == std::errc{} && stop == end && port != 0 && !label.starts_with('0');
}

/// "_PORT._TRANSPORT.HOST".
bool is_tlsa_name(std::string_view name) {
  const auto first = name.find('.');
  if (first == name.npos) return false;
  const auto second = name.find('.', first + 1);
  if (second == name.npos || second + 1 == name.size()) return false;
  const auto transport = name.substr(first + 1, second - first - 1);
  return is_port(name.substr(0, first)) && std::ranges::find(transports, transport) != transports.end();
}

std::string fault_of_provider(const std::string& name, const Config& config) {
  const auto* provider = provider_for(config, name);
  const auto holds_name = [&name](const std::string& zone) { return is_within(name, zone); };
  // The names that are only delegated to a provider are served by aliases of challenge names.
  if (provider == nullptr || std::ranges::none_of(provider->zones, holds_name)) {
    return fmt::format(
        "{} is served by no provider; add its zone to the zones of a provider that writes TLSA records: {}",
        in_quotes(name), listed({able.begin(), able.end()}, "and"));
  }
  if (std::ranges::find(able, provider->type) != able.end()) return {};
  return fmt::format(
      "{} is served by [provider.{}], whose type {} cannot write TLSA records; {} can: let one of them serve the name, "
      "or "
      "take it out",
      in_quotes(name), provider->name, in_quotes(provider->type), listed({able.begin(), able.end()}, "and"));
}

Checked<> tlsa_name(const std::string& text) {
  auto name = zone_name(text);
  if (name.good() && !is_tlsa_name(name.value)) {
    name.fault =
        in_quotes(text) +
        " was found, the port, the transport and the host of a service are wanted: \"_25._tcp.mail.example.com\"";
  }
  return name;
}

}  // namespace

Dane read_dane(Reader& reader, const Config& config) {
  Dane dane;
  if (const auto given = reader.texts("dane")) {
    if (given->size() > most_names) {
      reader.fault(reader.node("dane")->place, "dane",
                   fmt::format("there are {} names, {} are allowed", given->size(), most_names));
    }
    for (const auto& text : *given) {
      auto name = tlsa_name(text.value);
      if (name.good() && std::ranges::find(dane.names, name.value) != dane.names.end()) {
        name.fault = in_quotes(name.value) + " is in the list twice";
      }
      if (name.good()) name.fault = fault_of_provider(name.value, config);
      if (!name.good()) reader.fault(text.place, "dane", name.fault);
      dane.names.push_back(name.value);
    }
  }
  dane.ttl = reader.duration("dane_ttl", shortest_ttl, longest_ttl).value_or(dane.ttl);
  if (reader.node("dane_ttl") != nullptr && reader.node("dane") == nullptr) {
    reader.fault(reader.node("dane_ttl")->place, "dane_ttl", "there are no TLSA records; name them in `dane`");
  }
  return dane;
}

}  // namespace acmed::config
