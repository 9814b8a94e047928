// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "providers/provider.h"

namespace acmed::providers {

/// A record, TXT as a rule, as its operator keeps it.
struct TxtRecord {
  dns::Name name;
  std::string content;  ///< as the operator writes it: a value in quotes (kit/character_string.h), or bare
  std::string id;       ///< the operator's own name for it
};

/// What became of changes that an operator makes together or not at all.
struct RecordAnswer {
  enum class Outcome {
    made,
    exists,    ///< none was made: a record that is to be added is there already
    missing,   ///< none was made: there is no record of an id that is to be removed
    too_many,  ///< none was made: it takes fewer at once, as most_at_once() says from now on
    refused    ///< none was made, because of one of them at least: `refusal` says why
  };

  Outcome outcome = Outcome::made;
  std::vector<TxtRecord> added{};               ///< with their ids, as far as the operator tells
  std::optional<Error> refusal = std::nullopt;  ///< about the record, where there was but one change

  static RecordAnswer refused(Error why) { return {Outcome::refused, {}, std::move(why)}; }
};

/// A provider for operators that keep single records, each with an id by which it is removed. An operator says how to
/// list, add and remove them; this makes of it what Provider promises.
///
/// The ids of records that were added here are remembered. Others, such as those from before a restart, are looked up
/// by name and value. A batch that is refused is halved until only the refused records are left.
class RecordProvider : public Provider {
 public:
  /// One call for each record, or for each batch where the operator has batches, and one listing when an id is not
  /// known.
  Task<> apply(Zone zone, std::vector<TxtChange> changes) override;

 protected:
  /// The records of that type at `names`, and maybe others of the zone. Throws Error.
  virtual Task<std::vector<TxtRecord>> list(Zone zone, std::set<dns::Name> names, dns::Type type) = 0;

  /// Adds one record. Throws Error for what concerns more than this record, and when it is not known what was done.
  virtual Task<RecordAnswer> add(Zone zone, TxtChange change) = 0;
  /// Removes one record. Throws as add().
  virtual Task<RecordAnswer> remove(Zone zone, TxtRecord record) = 0;

  /// How many changes change_together() takes; 1 where there are no batches.
  virtual std::size_t most_at_once() const { return 1; }
  /// Makes two changes or more, all of them or none; removals first. Throws as add().
  virtual Task<RecordAnswer> change_together(Zone zone, std::vector<TxtRecord> removals,
                                             std::vector<TxtChange> additions);

 private:
  /// A value at its place.
  struct Value {
    std::string zone_id;
    dns::Name name;
    std::string text;
    dns::Type type = dns::Type::txt;

    friend auto operator<=>(const Value&, const Value&) = default;
  };
  /// One record to be added, or to be removed by its id.
  struct Operation {
    TxtChange change;
    std::string id{};
  };
  using Operations = std::vector<Operation>;
  using Failures = std::map<dns::Name, Error>;
  /// Whether the ids in the operations have just been looked up: a record that is not there is then gone for good.
  enum class Ids { remembered, looked_up };

  static Value value_of(const Zone& zone, const TxtChange& change) {
    return {zone.id, change.name, change.value, change.type};
  }

  Task<> carry_out(Zone zone, Operations operations, Ids ids, Failures* failures);
  Task<std::optional<RecordAnswer>> send(Zone zone, Operations operations, Ids ids, Failures* failures);
  Task<RecordAnswer> call(Zone zone, const Operations& operations);
  Task<> carry_out_what_is_left(Zone zone, Operations operations, Failures* failures);
  Task<> look_up(Zone zone, std::set<Value> values);
  void append_removals(Operations& operations, const Zone& zone, const TxtChange& change) const;
  void remember(const Zone& zone, const Operations& operations, const std::vector<TxtRecord>& added);

  std::map<Value, std::set<std::string>> ids_;
};

}  // namespace acmed::providers
