// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "providers/cloudflare/api.h"
#include "providers/cloudflare/refusal.h"
#include "providers/provider.h"

namespace acmed::providers::cloudflare {

/// Adds and removes TXT records by as few calls as can be: one batch for all changes of a zone, as a rule.
///
/// Cloudflare removes a record by its id. Those of the records that were added here are remembered; others, such as
/// those from before a restart, are looked up by name and content.
class Records {
 public:
  /// `provider`: NAME of [provider.NAME]. `api` must outlive this.
  Records(std::string provider, Api& api) : provider_(std::move(provider)), api_(api) {}

  /// As Provider::apply, for a zone whose id is known. Gives what was refused for some names while all others were
  /// changed; throws Refused only for what concerns all.
  Task<std::vector<Refusal>> apply(Zone zone, std::vector<TxtChange> changes);

  /// The TXT records as such can be listed. Throws Refused when not, and as the API does.
  Task<> check(Zone zone);

  void rest() noexcept { has_batch_ = true; }

 private:
  /// A value at its place.
  struct Value {
    std::string zone_id;
    dns::Name name;
    std::string text;

    friend auto operator<=>(const Value&, const Value&) = default;
  };
  /// One record to be added, or to be removed by its id.
  struct Operation {
    Action action = Action::add;
    Value value;
    std::chrono::seconds ttl{};
    std::string id;
  };
  using Operations = std::vector<Operation>;
  using Refusals = std::vector<Refusal>;
  /// Whether the ids in the operations have just been looked up: a record that is not there is then gone for good.
  enum class Ids { remembered, looked_up };

  Task<Refusals> carry_out(Zone zone, Operations operations, Ids ids);
  Task<Refusals> carry_out_each(Zone zone, Operations operations, Ids ids);
  Task<Refusals> carry_out_halves(Zone zone, Operations operations, Ids ids);
  Task<Refusals> carry_out_one(Zone zone, Operation operation, Ids ids);
  Task<Refusals> carry_out_what_is_left(Zone zone, Operations operations);
  static json::Value batch_of(const Operations& operations);
  Task<> look_up(Zone zone, std::set<Value> values);
  Task<json::Array> list(Zone zone, std::set<dns::Name> names);
  [[noreturn]] void throw_for_all(const Answer& refusal, Request request, const Zone& zone) const;
  void append_removals(Operations& operations, const Value& value) const;
  void remember(const Operations& operations, const json::Value& record);

  std::string provider_;
  Api& api_;
  std::map<Value, std::set<std::string>> ids_;
  bool has_batch_ = true;
};

}  // namespace acmed::providers::cloudflare
