// SPDX-License-Identifier: Apache-2.0
#include "config/providers/responder.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "config/addresses.h"
#include "config/names.h"

namespace acmed::config {
namespace {

constexpr std::int64_t most_responses = 1'000'000;
constexpr std::string_view instead_of_wrong = "invalid";  // one fault is enough for a name

std::vector<std::string> read_addresses(Reader& reader, std::string_view key, Checked<> (*check)(std::string_view)) {
  std::vector<std::string> addresses;
  const auto given = reader.texts(key);
  if (!given) return addresses;
  if (given->empty()) reader.fault(reader.node(key)->place, key, "the list is empty; leave the key out or name one");
  for (const auto& text : *given) {
    auto checked = check(text.value);
    if (!checked.good()) {
      reader.fault(text.place, key, checked.fault);
    } else if (std::ranges::find(addresses, checked.value) != addresses.end()) {
      reader.fault(text.place, key, in_quotes(text.value) + " is named twice");
    }
    addresses.push_back(std::move(checked.value));
  }
  return addresses;
}

/// A mailbox as a domain name (RFC 1035 §8): hostmaster@example.com is hostmaster.example.com.
std::optional<std::string> read_contact(Reader& reader) {
  const auto given = reader.text("contact");
  if (!given) return std::nullopt;
  auto text = given->value;
  const auto at = text.find('@');
  if (at != std::string::npos && text.find('.') < at) {
    reader.fault(given->place, "contact",
                 in_quotes(text) + " has a '.' before its '@', which the DNS cannot hold; give another mailbox");
    return std::nullopt;
  }
  if (at != std::string::npos) text[at] = '.';
  auto name = zone_name(text);
  if (!name.good()) reader.fault(given->place, "contact", name.fault);
  return name.good() ? std::move(name.value) : std::string(instead_of_wrong);
}

/// A host name without '_' (RFC 1123 §2.1): BIND, for one, takes no address record at another.
bool is_host_name(const std::string& name) {
  return name.find('_') == std::string::npos;
}

void check_name_servers(Reader& reader, const Provider& provider, const Responder& settings) {
  for (const auto& zone : provider.zones) {
    const auto server = name_server_of(settings, zone);
    if (!zone_name(server).good() || !zone_name(contact_of(settings, zone)).good()) {
      reader.fault("zones", fmt::format("{} is too long: there is no room for the names {} and {}", zone, server,
                                        contact_of(settings, zone)));
      return;
    }
    if (!settings.name_server && !is_host_name(server)) {
      reader.fault("name_server",
                   fmt::format("is missing: the default for the zone {} would be {}, which is no host name because of "
                               "its '_'; name one of yours with this host's addresses, such as \"acmed.example.com\"",
                               zone, server));
      return;
    }
    const bool is_ours =
        std::ranges::any_of(provider.zones, [&](const std::string& each) { return is_within(server, each); });
    if (is_ours && settings.addresses.empty()) {
      reader.fault("addresses",
                   fmt::format("is missing: the addresses at which the Internet reaches {}, the name server of {}",
                               server, zone));
      return;
    }
  }
}

}  // namespace

void read_responder(Reader& reader, Provider& provider) {
  Responder settings;
  settings.listen = read_addresses(reader, "listen", address_with_port);
  settings.addresses = read_addresses(reader, "addresses", address);
  if (const auto given = reader.text("name_server")) {
    auto name = zone_name(given->value);
    if (!name.good()) reader.fault(given->place, "name_server", name.fault);
    settings.name_server = name.good() ? std::move(name.value) : std::string(instead_of_wrong);
  }
  settings.contact = read_contact(reader);
  if (const auto given = reader.integer("responses_per_second", 0, most_responses)) {
    settings.responses_per_second = static_cast<unsigned>(*given);
  }
  if (reader.node("addresses") == nullptr) {
    for (const auto& each : settings.listen) {
      auto own = without_port(each);
      if (!is_wildcard_address(own)) settings.addresses.push_back(std::move(own));
    }
  }
  check_name_servers(reader, provider, settings);
  provider.place =
      settings.listen.empty() ? "the sockets of acmed.socket" : fmt::format("{}", fmt::join(settings.listen, ", "));
  provider.settings = std::move(settings);
}

std::string fault_of_listening(const Provider& provider, const std::vector<Provider>& others) {
  const auto* settings = std::get_if<Responder>(&provider.settings);
  if (settings == nullptr) return {};
  for (const auto& other : others) {
    const auto* theirs = std::get_if<Responder>(&other.settings);
    if (theirs == nullptr) continue;
    if (settings->listen.empty() && theirs->listen.empty()) {
      return fmt::format(
          "is missing, as with provider {}: only one of them can have all sockets of acmed.socket; name addresses",
          other.name);
    }
    for (const auto& own : settings->listen) {
      const bool taken = std::ranges::any_of(theirs->listen, [&](const std::string& each) {
        return without_port(each) == without_port(own) && port_of(each) == port_of(own);
      });
      if (taken) {
        return fmt::format("provider {} listens on {} too; name other addresses, or give all zones to one of them",
                           other.name, own);
      }
    }
  }
  return {};
}

std::string name_server_of(const Responder& responder, const std::string& zone) {
  return responder.name_server.value_or("ns." + zone);
}

std::string contact_of(const Responder& responder, const std::string& zone) {
  return responder.contact.value_or("hostmaster." + zone);
}

std::string alias_target(const Provider& provider, std::string_view name) {
  // A zone that is just one challenge name would work, but looks odd.
  const auto plain = std::ranges::find_if(provider.zones, is_host_name);
  return fmt::format("{}.{}", name, plain != provider.zones.end() ? *plain : provider.zones.front());
}

}  // namespace acmed::config
