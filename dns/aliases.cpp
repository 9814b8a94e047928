// SPDX-License-Identifier: Apache-2.0
#include "dns/aliases.h"

namespace acmed::dns {
namespace {

/// DNAME (RFC 6672 §2.3): the end of `name` that is `owner` is replaced by `target`.
std::optional<Name> substituted(const Name& name, const Name& owner, const Name& target) {
  const auto prefix = name.text().substr(0, name.text().size() - owner.text().size());
  return Name::parse(prefix + target.text());
}

}  // namespace

std::optional<Name> alias_in(const Message& message, const Name& name) {
  for (const auto& record : message.answer) {
    const auto* target = std::get_if<Target>(&record.data);
    if (target != nullptr && record.type == Type::cname && record.owner == name) return target->name;
  }
  for (const auto& record : message.answer) {
    const auto* target = std::get_if<Target>(&record.data);
    if (target != nullptr && record.type == Type::dname && name.is_within(record.owner) && name != record.owner) {
      return substituted(name, record.owner, target->name);
    }
  }
  return std::nullopt;
}

}  // namespace acmed::dns
