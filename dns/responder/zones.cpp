// SPDX-License-Identifier: Apache-2.0
#include "dns/responder/zones.h"

#include <algorithm>
#include <cstring>

#include "dns/message.h"
#include "dns/wire.h"

namespace acmed::dns::responder {
namespace {

constexpr std::uint16_t class_in = 1;
constexpr std::uint16_t pointer_to_question = 0xc000 | header_size;  // RFC 1035 §4.1.4
constexpr std::size_t longest_string = 255;

// Nobody but a resolver keeps our records, and the next order's values must not be hidden by those of the last.
constexpr std::uint32_t longest_txt_ttl = 1;
constexpr std::uint32_t denial_ttl = 1;
constexpr std::uint32_t server_ttl = 300;  // of what the operator configures
constexpr std::uint32_t soa_ttl = 60;
// There are no secondaries: the usual numbers (RIPE-203).
constexpr std::uint32_t refresh = 86'400;
constexpr std::uint32_t retry = 7'200;
constexpr std::uint32_t expire = 3'600'000;

/// What a message has left for the records of one answer: header, question and OPT are in it too.
constexpr std::size_t largest_answer = largest_message - header_size - (255 + 4) - 11;

std::string to_wire(const Name& name) {
  std::string wire;
  append_name(wire, name);
  return wire;
}

void append_record(std::string& to, std::string_view owner, Type type, std::uint32_t ttl, std::string_view data) {
  to.append(owner);
  append_u16(to, static_cast<std::uint16_t>(type));
  append_u16(to, class_in);
  append_u32(to, ttl);
  append_u16(to, static_cast<std::uint16_t>(data.size()));
  to.append(data);
}

std::string owner_in_question() {
  std::string pointer;
  append_u16(pointer, pointer_to_question);
  return pointer;
}

void add_record(RecordSet& set, std::string_view owner, Type type, std::uint32_t ttl, std::string_view data) {
  append_record(set.records, owner, type, ttl, data);
  ++set.count;
}

/// The value as strings of 255 octets.
std::string text_data(std::string_view value) {
  std::string data;
  do {
    const auto part = value.substr(0, longest_string);
    data.push_back(static_cast<char>(part.size()));
    data.append(part);
    value.remove_prefix(part.size());
  } while (!value.empty());
  return data;
}

std::size_t size_of_record(std::string_view value) {
  constexpr std::size_t owner_type_class_ttl_length = 2 + 2 + 2 + 4 + 2;
  return owner_type_class_ttl_length + value.size() + std::max<std::size_t>(1, (value.size() + 254) / longest_string);
}

Type address_type(const Endpoint& address) {
  return address.family() == AF_INET6 ? Type::aaaa : Type::a;
}

/// The zone with the longest apex of those that hold `name`, or null.
template <class Zones>
auto closest_zone(Zones& zones, const Name& name) -> decltype(zones.data()) {
  decltype(zones.data()) best = nullptr;
  for (auto& zone : zones) {
    if (name.is_within(zone.apex) && (best == nullptr || zone.wire.size() > best->wire.size())) best = &zone;
  }
  return best;
}

void tell_values(Node& node) {
  node.txt = {};
  if (node.values.empty()) return;
  // The records of a set have one TTL (RFC 2181 §5.2).
  std::uint32_t ttl = longest_txt_ttl;
  for (const auto& [value, wished] : node.values) ttl = std::min(ttl, wished);
  for (const auto& [value, wished] : node.values) {
    add_record(node.txt, owner_in_question(), Type::txt, ttl, text_data(value));
  }
}

}  // namespace

const RecordSet* Node::find(std::uint16_t type) const noexcept {
  const RecordSet* set = nullptr;
  switch (static_cast<Type>(type)) {
    case Type::txt:
      set = &txt;
      break;
    case Type::soa:
      set = &soa;
      break;
    case Type::ns:
      set = &ns;
      break;
    case Type::a:
      set = &a;
      break;
    case Type::aaaa:
      set = &aaaa;
      break;
    default:
      return nullptr;
  }
  return set->count == 0 ? nullptr : set;
}

std::size_t Zones::Hash::operator()(std::string_view name) const noexcept {
  // Whoever asks cannot choose what is in the table, so the hash need not be keyed.
  std::uint64_t hash = name.size();
  const auto mix = [&hash](std::uint64_t octets) {
    hash = (hash ^ octets) * 0x9e37'79b9'7f4a'7c15;
    hash ^= hash >> 32;
  };
  std::uint64_t octets = 0;
  for (; name.size() >= sizeof octets; name.remove_prefix(sizeof octets)) {
    std::memcpy(&octets, name.data(), sizeof octets);
    mix(octets);
  }
  octets = 0;
  std::memcpy(&octets, name.data(), name.size());
  mix(octets);
  return hash;
}

Zones::Zones(const std::vector<ZoneSettings>& settings, std::uint32_t serial) {
  zones_.reserve(settings.size());
  for (const auto& each : settings) {
    Zone zone;
    zone.apex = each.apex;
    zone.wire = to_wire(each.apex);
    zone.soa_data = to_wire(each.name_server) + to_wire(each.contact);
    zone.serial = serial;
    zones_.push_back(std::move(zone));
  }
  for (const auto& each : settings) {
    Node& apex = *make(each.apex);
    add_record(apex.ns, owner_in_question(), Type::ns, server_ttl, to_wire(each.name_server));
    tell_soa(*apex.zone);
    if (!zone_of(each.name_server)) continue;
    Node& server = *make(each.name_server);
    server.a = server.aaaa = {};
    for (const auto& address : each.addresses) {
      auto& set = address_type(address) == Type::a ? server.a : server.aaaa;
      add_record(set, owner_in_question(), address_type(address), server_ttl, address.octets());
      add_record(apex.zone->glue, to_wire(each.name_server), address_type(address), server_ttl, address.octets());
    }
  }
}

std::optional<Name> Zones::zone_of(const Name& name) const {
  const auto* zone = closest_zone(zones_, name);
  return zone == nullptr ? std::nullopt : std::optional(zone->apex);
}

Node* Zones::existing(const Name& name) {
  const auto found = nodes_.find(to_wire(name));
  return found == nodes_.end() ? nullptr : &found->second;
}

/// The names between a name and its apex exist as well (RFC 8020 §2), though they may have no records.
Node* Zones::make(const Name& name) {
  if (auto* node = existing(name)) return node;
  auto* zone = closest_zone(zones_, name);
  if (zone == nullptr) return nullptr;
  Node* node = &nodes_[to_wire(name)];
  node->zone = zone;
  if (name.is_root()) return node;
  node->parent = make(name.parent());
  if (node->parent != nullptr) ++node->parent->children;
  return node;
}

/// Takes away what exists only because of something that is gone.
void Zones::release(Name name) {
  for (;;) {
    const auto* node = existing(name);
    if (node == nullptr || node->has_fixed_records() || !node->values.empty() || node->children != 0) return;
    auto* parent = node->parent;
    nodes_.erase(to_wire(name));
    if (parent == nullptr) return;
    --parent->children;
    name = name.parent();
  }
}

Zones::Outcome Zones::add(const Name& name, std::string_view value, std::uint32_t ttl) {
  Node* node = make(name);
  if (node == nullptr) return Outcome::not_ours;
  const auto there = node->values.find(value);
  if (there != node->values.end()) {
    if (there->second == ttl) return Outcome::made;
    there->second = ttl;
  } else {
    const auto size = node->values_size + size_of_record(value);
    if (size > largest_answer) {
      release(name);
      return Outcome::full;
    }
    node->values_size = size;
    node->values.emplace(value, ttl);
  }
  changed_.insert(name);
  return Outcome::made;
}

void Zones::remove(const Name& name, std::string_view value) {
  Node* node = existing(name);
  if (node == nullptr) return;
  const auto there = node->values.find(value);
  if (there == node->values.end()) return;
  node->values_size -= size_of_record(value);
  node->values.erase(there);
  changed_.insert(name);
}

void Zones::commit(std::uint32_t serial) {
  std::set<Zone*> changed_zones;
  for (const auto& name : changed_) {
    Node* node = existing(name);
    if (node == nullptr) continue;
    tell_values(*node);
    changed_zones.insert(node->zone);
    release(name);
  }
  changed_.clear();
  for (auto* zone : changed_zones) {
    zone->serial = std::max(zone->serial + 1, serial);
    tell_soa(*zone);
  }
}

void Zones::tell_soa(Zone& zone) {
  auto data = zone.soa_data;
  for (const auto number : {zone.serial, refresh, retry, expire, denial_ttl}) append_u32(data, number);
  auto& set = nodes_.at(zone.wire).soa;
  set = {};
  add_record(set, owner_in_question(), Type::soa, soa_ttl, data);
  zone.denial.clear();
  append_record(zone.denial, owner_in_question(), Type::soa, denial_ttl, data);
}

void Zones::take_values(const Zones& before) {
  for (const auto& [wire, node] : before.nodes_) {
    if (node.values.empty()) continue;
    const auto name = WireReader(wire).name();
    for (const auto& [value, ttl] : node.values) add(name.value(), value, ttl);
  }
  for (const auto& was : before.zones_) {
    for (auto& zone : zones_) {
      if (zone.apex == was.apex) zone.serial = std::max(zone.serial, was.serial + 1);
    }
  }
  commit(0);
}

Zones::Found Zones::find(std::string_view name) const noexcept {
  const auto exact = nodes_.find(name);
  if (exact != nodes_.end()) return {&exact->second, exact->second.zone};
  while (name.size() > 1) {
    name.remove_prefix(1 + static_cast<std::uint8_t>(name.front()));
    const auto above = nodes_.find(name);
    if (above != nodes_.end()) return {nullptr, above->second.zone};
  }
  return {nullptr, nullptr};
}

}  // namespace acmed::dns::responder
