// SPDX-License-Identifier: Apache-2.0
#include "daemon/keep/persistent_records.h"

#include <fmt/format.h>

#include <algorithm>

#include "daemon/issue/persistence.h"
#include "daemon/issue/publication.h"

namespace acmed::keep {
namespace {

using issue::Persistence;
using store::PersistentRecord;

/// What is left of the time for which a record holds, when it is renewed.
constexpr int share_left = 3;
/// Of one that is to hold for ever from now on.
constexpr Duration usual_lead = std::chrono::hours(24 * 30);

Time end_of(const PersistentRecord& record) {
  const auto said = Persistence::parse(record.txt.value);
  return said && said->until ? *said->until : Time::max();
}

}  // namespace

/// By the configuration.
bool PersistentRecords::is_unwanted(const PersistentRecord& record) const {
  const auto& request = kept_.wanted.request;
  const auto is_its = [&record](const std::string& domain) {
    return (domain.starts_with("*.") ? domain.substr(2) : domain) == record.domain;
  };
  return !request.challenges.contains(config::ChallengeType::dns_persist_01) ||
         record.directory_url != request.authority->settings().directory_url ||
         std::ranges::none_of(request.domains, is_its);
}

/// By one that holds longer.
bool PersistentRecords::is_superseded(const PersistentRecord& record) const {
  return std::ranges::any_of(kept_.state.persistent, [&record](const PersistentRecord& other) {
    return other.domain == record.domain && other.directory_url == record.directory_url &&
           end_of(other) > end_of(record);
  });
}

Time PersistentRecords::renewal_of(const PersistentRecord& record) const {
  const auto end = end_of(record);
  const auto& lasts = kept_.wanted.request.persist_for;
  return end == Time::max() ? end : end - (lasts ? *lasts / share_left : usual_lead);
}

Time PersistentRecords::due() const {
  auto due = Time::max();
  for (const auto& record : kept_.state.persistent) {
    if (is_unwanted(record) || is_superseded(record)) return Time::min();
    due = std::min(due, renewal_of(record));
  }
  return due;
}

Task<> PersistentRecords::perform() {
  issue::let_go(kept_.state, [this](const PersistentRecord& record) { return is_unwanted(record); });
  renew_those_due();
  co_await kept_.save();
  co_await publish_newest();
  const auto before = kept_.state.persistent.size();
  const auto all = kept_.state.persistent;
  issue::let_go(kept_.state, [&all](const PersistentRecord& record) {
    return std::ranges::any_of(all, [&record](const PersistentRecord& other) {
      return other.domain == record.domain && other.directory_url == record.directory_url &&
             end_of(other) > end_of(record);
    });
  });
  if (kept_.state.persistent.size() != before) co_await kept_.save();
}

/// The record says the same for longer; the former one stays until it is everywhere.
void PersistentRecords::renew_those_due() {
  const auto now = kept_.now();
  std::vector<PersistentRecord> renewed;
  for (const auto& record : kept_.state.persistent) {
    auto said = Persistence::parse(record.txt.value);
    if (!said || is_superseded(record) || renewal_of(record) > now) continue;
    said->until = issue::persist_until(kept_.wanted.request.persist_for, kept_.name(), now);
    auto longer = record;
    longer.txt.value = said->value();
    if (end_of(longer) > end_of(record)) renewed.push_back(std::move(longer));
  }
  auto& all = kept_.state.persistent;
  all.insert(all.end(), renewed.begin(), renewed.end());
}

/// Of each that stands beside former ones.
Task<> PersistentRecords::publish_newest() {
  const auto& request = kept_.wanted.request;
  const auto policies = request.policies ? *request.policies : issue::Policies();
  std::vector<PersistentRecord> newest;
  for (const auto& record : kept_.state.persistent) {
    const auto is_older = [&record](const PersistentRecord& other) {
      return other.domain == record.domain && other.directory_url == record.directory_url &&
             end_of(other) < end_of(record);
    };
    if (!is_superseded(record) && std::ranges::any_of(kept_.state.persistent, is_older)) newest.push_back(record);
  }
  std::vector<issue::PlacedValue> values;
  for (const auto& record : newest) {
    const auto& txt = record.txt;
    const auto apex = dns::Name::parse(txt.zone);
    const auto name = dns::Name::parse(txt.name);
    if (!apex || !name || kept_.context.zones.provider(txt.provider) == nullptr) {
      throw Refused(
          "dns:no-provider",
          fmt::format("the record at {} cannot be renewed: provider {}, which wrote it, is not configured any "
                      "more; configure it again, or have the certificate renewed (acmectl renew {})",
                      txt.name, txt.provider, kept_.name()));
    }
    const auto policy = policies.find(txt.provider);
    const auto policy_of = [found = policy == policies.end() ? dns::PropagationPolicy{} : policy->second](
                               const dns::Name&) -> dns::ServerPolicy { return found; };
    auto location = co_await kept_.context.discovery.locate(*name, policy_of);
    values.push_back({{txt.provider, {*apex, txt.zone_id}, *name, txt.value}, std::move(location), true});
  }
  if (values.empty()) co_return;
  issue::Publication publication(kept_.context, kept_.name(), policies, std::move(values));
  co_await publication.publish(kept_.context.zones.announce({}));
}

}  // namespace acmed::keep
