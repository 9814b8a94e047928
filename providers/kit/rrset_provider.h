// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "providers/kit/character_string.h"
#include "providers/kit/record_content.h"
#include "providers/provider.h"

namespace acmed::providers {

/// The records of one type at one name, TXT as a rule, as an operator reads and replaces them: a whole set at a time.
struct TxtSet {
  struct Record {
    std::string content;    ///< as the operator writes it: only so can it be given back unchanged
    bool disabled = false;  ///< kept by an administrator, not served

    friend bool operator==(const Record&, const Record&) = default;
  };

  std::optional<std::chrono::seconds> ttl{};  ///< none while there is no record
  std::vector<Record> records{};

  friend bool operator==(const TxtSet&, const TxtSet&) = default;
};

/// What stands at a name.
struct Standing {
  TxtSet set{};
  std::optional<Error> obstacle = std::nullopt;  ///< why no value can be added there
};

/// What becomes of the set at one name.
struct SetChange {
  dns::Name name;
  TxtSet before{};
  TxtSet after{};
  std::vector<TxtChange> changes{};  ///< by which `after` was made of `before`
  dns::Type type = dns::Type::txt;   ///< of the set
};

/// A provider for operators that replace all records of a type and name as a whole. An operator says how to read sets
/// and how to replace them; this makes of it what Provider promises: read, merge, replace, and look again.
class RrsetProvider : public Provider {
 public:
  /// One look and one replacement, and more only where others change the same sets at the same time. Throws SomeFailed
  /// for names with an obstacle, and for those that the operator refuses.
  Task<> apply(Zone zone, std::vector<TxtChange> changes) override;

 protected:
  /// What the operator does with a set that somebody else changed since it was read.
  enum class Writing {
    compared,  ///< it leaves the set as it is, and says so: no change is ever lost
    blind  ///< it replaces the set, and so undoes the other's change, as others undo ours. Each write is then looked at
           ///< again after longer than another's read and write take, and made again until it stands
  };

  /// `clock` must outlive this. `escapes`: in the contents of records.
  RrsetProvider(Writing writing, const Clock& clock, Escapes escapes = Escapes::decimal)
      : writing_(writing), clock_(clock), escapes_(escapes) {}

  /// What stands at each of `names`, with the set of that type. Throws Error.
  virtual Task<std::map<dns::Name, Standing>> read(Zone zone, std::set<dns::Name> names, dns::Type type) = 0;

  /// What became of the sets that were to be replaced; of those not named, all is well.
  struct Replaced {
    std::set<dns::Name> overtaken{};       ///< not as they were `before`, where the operator compares
    std::map<dns::Name, Error> refused{};  ///< what the operator does not take, each for itself
  };

  /// Replaces each set, all of one type, that is still as it was `before`. Throws Error for what concerns all.
  virtual Task<Replaced> replace(Zone zone, std::vector<SetChange> sets) = 0;

  /// Throws Retry: others never stopped changing the sets at `names`.
  [[noreturn]] virtual void throw_contended(const Zone& zone, const std::vector<dns::Name>& names) const = 0;

  /// `set` with all `changes` made. Other values, disabled records and the TTL of what is there stay as they are.
  TxtSet changed(TxtSet set, const std::vector<TxtChange>& changes) const;

 private:
  /// The changes at each name, in their order.
  using ByName = std::map<dns::Name, std::vector<TxtChange>>;
  using Failures = std::map<dns::Name, Error>;
  struct Written {
    bool any = false;
    std::set<dns::Name> overtaken{};
  };

  Task<> write_compared(Zone zone, dns::Type type, ByName changes, Failures* failures);
  Task<> write_until_it_stands(Zone zone, dns::Type type, ByName changes, Failures* failures);
  Task<Written> write(Zone zone, dns::Type type, ByName changes, Failures* failures);
  static void leave_out_failed(ByName& changes, const Failures& failures);

  Writing writing_;
  const Clock& clock_;
  Escapes escapes_;
};

}  // namespace acmed::providers
