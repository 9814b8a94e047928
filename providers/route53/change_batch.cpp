// SPDX-License-Identifier: Apache-2.0
#include "providers/route53/change_batch.h"

#include <algorithm>

namespace acmed::providers::route53 {
namespace {

constexpr const char* xml_namespace = "https://route53.amazonaws.com/doc/2013-04-01/";

/// What a batch, or a part of it, counts for Route 53.
struct Size {
  std::size_t changes = 0;
  std::size_t records = 0;
  std::size_t characters = 0;

  Size& operator+=(const Size& other) {
    changes += other.changes;
    records += other.records;
    characters += other.characters;
    return *this;
  }
};

constexpr Size largest{100, 1'000, 32'000};

Size size_of(const std::optional<TxtSet>& set) {
  if (!set) return {};
  Size size{1, set->values.size(), 0};
  for (const auto& value : set->values) size.characters += value.size();
  return size;
}

bool fits(const Size& size) {
  return size.changes <= largest.changes && size.records <= largest.records && size.characters <= largest.characters;
}

xml::Element change_element(const char* action, const dns::Name& name, const TxtSet& set) {
  return {"Change", "", {{"Action", action}, txt_set_element(name, set)}};
}

}  // namespace

std::optional<TxtSet> changed(const std::optional<TxtSet>& before, const std::vector<TxtChange>& changes) {
  TxtSet after = before.value_or(TxtSet{changes.front().ttl, {}});
  for (const auto& change : changes) {
    const auto is_it = [&change](const std::string& text) { return unquoted_text(text) == change.value; };
    if (change.action == Action::remove) {
      std::erase_if(after.values, is_it);
    } else if (std::ranges::none_of(after.values, is_it)) {
      after.values.push_back(quoted_text(change.value));
    }
  }
  if (after.values.empty()) return std::nullopt;
  return after;
}

std::vector<std::vector<SetChange>> batches_of(std::vector<SetChange> changes) {
  std::vector<std::vector<SetChange>> batches;
  Size size;
  for (auto& change : changes) {
    auto own = size_of(change.before);
    own += size_of(change.after);
    auto together = size;
    together += own;
    const bool joins = !batches.empty() && fits(together);
    if (!joins) batches.emplace_back();
    size = joins ? together : own;
    batches.back().push_back(std::move(change));
  }
  return batches;
}

std::string batch_document(const std::vector<SetChange>& batch) {
  xml::Element changes{"Changes"};
  for (const auto& change : batch) {
    if (change.before) changes.children.push_back(change_element("DELETE", change.name, *change.before));
    if (change.after) changes.children.push_back(change_element("CREATE", change.name, *change.after));
  }
  return xml::write({"ChangeResourceRecordSetsRequest", "", {{"ChangeBatch", "", {std::move(changes)}}}},
                    xml_namespace);
}

}  // namespace acmed::providers::route53
