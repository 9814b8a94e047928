// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "dns/endpoint.h"
#include "dns/name.h"

namespace acmed::dns::responder {

/// A zone to be served.
struct ZoneSettings {
  Name apex;
  Name name_server;                 ///< in its NS and SOA records
  std::vector<Endpoint> addresses;  ///< of the name server; served if its name is in a zone of ours
  Name contact;                     ///< in its SOA record
};

/// All records of one type at one name, as they appear in an answer.
struct RecordSet {
  std::string records;
  std::uint16_t count = 0;
};

/// What is the same for a whole zone.
struct Zone {
  Name apex;
  std::string wire;      ///< its apex, uncompressed
  std::string soa_data;  ///< of its SOA record, without the serial
  std::uint32_t serial = 0;
  std::string denial;  ///< the SOA record for negative answers (RFC 2308 §3); its first two octets are to be a pointer
                       ///< to the apex
  RecordSet glue;      ///< the addresses of its name server, if we serve them
};

/// A name that exists. The owner of each record is a pointer to the name in the question, which preserves its case.
struct Node {
  Name name;
  Zone* zone = nullptr;
  RecordSet soa;
  RecordSet ns;
  RecordSet a;
  RecordSet aaaa;
  RecordSet txt;

  Node* parent = nullptr;  ///< null when we serve nothing above it
  std::size_t children = 0;
  std::map<std::string, std::uint32_t, std::less<>> values;  ///< the TXT values, each with the TTL asked for
  std::size_t values_size = 0;                               ///< their size in an answer

  /// Null when there is no record of that type.
  const RecordSet* find(std::uint16_t type) const noexcept;
  bool has_records() const noexcept { return has_fixed_records() || txt.count != 0; }
  bool has_fixed_records() const noexcept { return soa.count != 0 || a.count != 0 || aaaa.count != 0; }
};

/// The zones that we serve and the TXT values in them, compiled into answers.
class Zones {
 public:
  Zones() = default;
  Zones(const std::vector<ZoneSettings>& settings, std::uint32_t serial);
  Zones(Zones&&) = default;
  Zones& operator=(Zones&&) = default;

  /// The apex of the zone that holds `name`.
  std::optional<Name> zone_of(const Name& name) const;

  enum class Outcome { made, not_ours, full };
  /// Adds a value of any octets, split into strings of 255. Adding an existing value only sets its TTL (seconds).
  /// `full`: no message could hold all values of the name. Visible from commit() on.
  Outcome add(const Name& name, std::string_view value, std::uint32_t ttl);
  /// Removing a value that is not there changes nothing.
  void remove(const Name& name, std::string_view value);
  /// Ends a group of changes: the zones that changed get a new serial, `serial` or their next one, whichever is higher.
  void commit(std::uint32_t serial);

  /// Adds those values of `before` whose names are in our zones.
  void take_values(const Zones& before);

  struct Found {
    const Node* node;  ///< the name itself, or null
    const Zone* zone;  ///< the zone that holds it, or null
  };
  /// `name`: in lower-case wire form.
  Found find(std::string_view name) const noexcept;

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view name) const noexcept;
  };
  using Nodes = std::unordered_map<std::string, Node, Hash, std::equal_to<>>;

  Node* existing(const Name& name);
  Node* make(const Name& name);
  void release(Name name);
  void tell_soa(Zone& zone);

  std::vector<Zone> zones_;
  Nodes nodes_;  ///< by names in wire form
  std::set<Name> changed_;
};

}  // namespace acmed::dns::responder
