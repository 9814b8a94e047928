// SPDX-License-Identifier: Apache-2.0
#include "daemon/notify/news.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "daemon/renew/due.h"

namespace acmed::notify {
namespace {

constexpr double usual_warning = 1.0 / 6;  // half of what is left when it should have been renewed
constexpr std::string_view end_of_certificate = "end";

using Key = std::pair<std::string, std::string>;  // certificate, and what of it

Key key_of(const store::ToldTrouble& told) {
  return {told.certificate, told.what};
}

Time warning_time(const keep::LiveView& live, const config::Notify& notify) {
  return live.not_after - renew::left_of(live.not_after - live.not_before, notify.warn_before.value_or(usual_warning));
}

bool is_revoked_by_ca(const keep::CertificateView& certificate, const keep::TroubleView& trouble) {
  return trouble.what == keep::revoked_what && certificate.live && certificate.live->revoked &&
         certificate.live->revoked->by_ca;
}

/// The trouble that is to blame, in a sentence.
Item ending_item(const keep::CertificateView& certificate, Time now) {
  Item item{certificate.name, {}, certificate.live->not_after};
  if (!certificate.troubles.empty()) item.trouble = certificate.troubles.front();
  if (item.trouble.sentence.empty() && certificate.next) item.trouble.sentence = certificate.next->because;
  if (certificate.next && item.trouble.next_try == Time{}) item.trouble.next_try = certificate.next->at;
  if (item.trouble.since == Time{}) item.trouble.since = now;
  item.trouble.what = end_of_certificate;
  return item;
}

/// Sorts what is wrong now by what was told of it.
class Sorting {
 public:
  Sorting(const std::vector<store::ToldTrouble>& told, const config::Notify& notify, Time now)
      : notify_(notify), now_(now) {
    for (const auto& each : told) told_.emplace(key_of(each), each);
  }

  void look_at(const keep::CertificateView& certificate) {
    const auto not_after = certificate.live ? std::optional(certificate.live->not_after) : std::nullopt;
    for (const auto& trouble : certificate.troubles) {
      if (is_revoked_by_ca(certificate, trouble)) {
        meet({certificate.name, trouble, not_after}, true, news_.revoked);
        continue;
      }
      const bool is_lasting = is_reached(trouble.since + notify_.after);
      meet({certificate.name, trouble, not_after}, is_lasting, news_.failing);
    }
    if (certificate.live) {
      meet(ending_item(certificate, now_), is_reached(warning_time(*certificate.live, notify_)), news_.ending);
    }
  }

  /// Those that were told and not met have ended, where that can be known.
  News end(Watched& watched) && {
    for (auto& [key, told] : told_) {
      const auto condition = watched.condition(key.first);
      if (condition == Watched::Condition::unknown) continue;
      Item item{key.first, {}, std::nullopt};
      item.trouble.what = told.what;
      item.trouble.since = told.since;
      item.trouble.sentence =
          condition == Watched::Condition::gone ? "it is not configured any more" : std::move(told.sentence);
      news_.recovered.push_back(std::move(item));
    }
    return std::move(news_);
  }

 private:
  bool is_reached(Time time) {
    if (time <= now_) return true;
    news_.next = std::min(news_.next.value_or(time), time);
    return false;
  }

  void meet(Item item, bool is_to_be_told, std::vector<Item>& list) {
    // An end that has been put off is over, a trouble that was told stays so however young it says it is.
    const bool is_over = item.trouble.what == end_of_certificate && !is_to_be_told;
    if (is_over) return;
    const bool is_told = told_.erase({item.certificate, item.trouble.what}) > 0;
    if (is_to_be_told && !is_told) list.push_back(std::move(item));
  }

  const config::Notify& notify_;
  Time now_;
  std::map<Key, store::ToldTrouble> told_;
  News news_;
};

}  // namespace

News news_of(Watched& watched, const std::vector<store::ToldTrouble>& told, const config::Notify& notify, Time now) {
  Sorting sorting(told, notify, now);
  for (const auto& certificate : watched.troubled()) sorting.look_at(certificate);
  return std::move(sorting).end(watched);
}

void add_told(std::vector<store::ToldTrouble>& told, const std::vector<Item>& items) {
  for (const auto& item : items) {
    told.push_back({item.certificate, item.trouble.what, item.trouble.since, item.trouble.sentence});
  }
}

void remove_told(std::vector<store::ToldTrouble>& told, const std::vector<Item>& items) {
  std::set<Key> over;
  for (const auto& item : items) over.emplace(item.certificate, item.trouble.what);
  std::erase_if(told, [&](const store::ToldTrouble& each) { return over.contains(key_of(each)); });
}

}  // namespace acmed::notify
