// SPDX-License-Identifier: Apache-2.0
#include "providers/route53/change_batch.h"

#include "providers/route53/record_set.h"

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

Size size_of(const TxtSet& set) {
  if (set.records.empty()) return {};
  Size size{1, set.records.size(), 0};
  for (const auto& record : set.records) size.characters += record.content.size();
  return size;
}

bool fits(const Size& size) {
  return size.changes <= largest.changes && size.records <= largest.records && size.characters <= largest.characters;
}

void append_change(xml::Element& changes, const char* action, const SetChange& change, const TxtSet& set) {
  if (set.records.empty()) return;
  changes.children.push_back({"Change", "", {{"Action", action}, set_element(change.name, change.type, set)}});
}

}  // namespace

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
    append_change(changes, "DELETE", change, change.before);
    append_change(changes, "CREATE", change, change.after);
  }
  return xml::write({"ChangeResourceRecordSetsRequest", "", {{"ChangeBatch", "", {std::move(changes)}}}},
                    xml_namespace);
}

}  // namespace acmed::providers::route53
