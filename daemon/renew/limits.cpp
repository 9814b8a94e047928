// SPDX-License-Identifier: Apache-2.0
#include "daemon/renew/limits.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "base/crypto/digest.h"
#include "base/crypto/encoding.h"
#include "daemon/acme/answer.h"
#include "daemon/renew/due.h"

namespace acmed::renew {
namespace {

using std::chrono::hours;

/// Of the certificate in service, when only the CA's own word counts.
constexpr Duration last_day = hours(24);
/// Nobody is told to wait longer: until then the CA may have changed its limits.
constexpr Duration longest_wait = acme::longest_rate_limit;
/// Of times that were written to the second, and of clocks that are set a little.
constexpr Duration tolerance = std::chrono::minutes(1);
constexpr unsigned unlimited = 1'000'000;
/// Of a set; as many tell people which certificate it is.
constexpr std::size_t most_names_told = 3;

std::vector<std::string> sorted(std::vector<std::string> names) {
  std::ranges::sort(names);
  return names;
}

std::string fingerprint(std::vector<std::string> names) {
  std::ranges::sort(names);
  std::string text;
  for (const auto& name : names) text += name + "\n";
  return crypto::hex(crypto::sha256(text)).substr(0, 32);
}

constexpr std::string_view of_names = "names ";
constexpr std::string_view of_domain = "domain ";

std::string key_of_account(const std::string& account) {
  return "account " + account;
}

/// A wildcard is proved by the name below it.
std::string key_of_failures(const std::string& account, std::string_view name) {
  if (name.starts_with("*.")) name.remove_prefix(2);
  return fmt::format("failed {} {}", account, name);
}

/// "3 hours", "7 days": limits are usually counted in whole ones.
std::string in_words(Duration window) {
  const auto count = window / hours(1);
  if (window % hours(1) != Duration::zero()) return fmt::format("{} minutes", window / std::chrono::minutes(1));
  if (count == 1) return "an hour";
  return count % 24 == 0 ? fmt::format("{} days", count / 24) : fmt::format("{} hours", count);
}

/// A time further away than the whole limit is of a clock that was wrong.
Time believable(Time full_at, const Limit& limit, Time now) {
  if (full_at > now + limit.window + tolerance) return now;
  return std::clamp<Time>(full_at, now, now + limit.window);
}

bool is_believable(const store::Pause& said, Time now) {
  return said.until > now && said.since <= now && said.until - said.since <= longest_wait;
}

bool mentions(const std::string& detail, const std::string& name) {
  return detail.find('"' + name + '"') != std::string::npos;
}

}  // namespace

void count_as_renewal(CountedOrder& order, const store::Issued& issued, const Rare<store::RenewalPlan>& plan,
                      Time now) {
  order.renews = sorted(issued.domains) == sorted(order.names);
  const bool has_window = plan && !plan->certificate_id.empty() && plan->has_window();
  order.replaces = has_window && plan->window_start <= now && now <= plan->window_end;
}

Limits::Counted Limits::of_same_names(const CountedOrder& order) const {
  return {fmt::format("{}{}", of_names, fingerprint(order.names)),
          &published_.same_names,
          "certificates for exactly these names",
          1,
          true,
          &order.names};
}

/// A fingerprint tells nobody which names it is of.
Limits::Bucket& Limits::bucket_of(const Counted& counted) {
  auto& bucket = buckets_[counted.key];
  if (counted.names != nullptr && !bucket.names) {
    const auto& all = *counted.names;
    const auto end = all.begin() + static_cast<std::ptrdiff_t>(std::min(all.size(), most_names_told));
    bucket.names = store::NameSet{{all.begin(), end}, all.size()};
  }
  return bucket;
}

std::vector<Limits::Counted> Limits::of_certificate(const CountedOrder& order) const {
  std::vector<Counted> all;
  if (order.replaces && published_.favours_renewals) return all;
  all.push_back(of_same_names(order));
  if (order.renews && published_.favours_renewals) return all;
  for (const auto& domain : order.domains) {
    all.push_back({fmt::format("{}{}", of_domain, domain), &published_.domain, "certificates for names of " + domain});
  }
  return all;
}

std::vector<Limits::Counted> Limits::counted(const CountedOrder& order) const {
  auto all = of_certificate(order);
  const bool is_favoured = (order.replaces || order.renews) && published_.favours_renewals;
  if (!is_favoured) all.push_back({key_of_account(order.account), &published_.orders, "orders of an account"});
  for (const auto& name : order.names) {
    all.push_back({key_of_failures(order.account, name), &published_.failures, "failed validations of " + name,
                   order.failures_spared, false});
  }
  return all;
}

Time Limits::next_in(const Bucket& bucket, const Limit& limit, unsigned needed, Time now) const {
  const auto full_at = believable(bucket.full_at, limit, now) + limit.interval() * bucket.reserved;
  return full_at + limit.interval() * std::min(needed, limit.most) - limit.window;
}

/// Places that were given away before the clock was set back are nobody's.
bool Limits::do_others_wait(const Bucket& bucket, Time now) {
  return bucket.last_place > now && bucket.placed <= now;
}

std::string Limits::sentence(const Counted& counted, Time until) const {
  const auto& limit = **counted.limit;
  return fmt::format("{} allows {} {} in {}; the next {} possible at {}", published_.ca, limit.most, counted.subject,
                     in_words(limit.window), counted.is_waited_for ? "is" : "try is", to_rfc3339(until));
}

std::optional<Limits::Wait> Limits::wait_for(const Counted& counted, const CountedOrder& order, Time now, bool believed,
                                             bool is_expected) const {
  const auto found = buckets_.find(counted.key);
  if (found == buckets_.end()) return std::nullopt;
  const auto& bucket = found->second;
  std::optional<Wait> wait;
  if (is_believable(bucket.said, now)) {
    const auto until = not_later_than_a_tenth(bucket.said.until, bucket.said.since, order.not_after);
    const std::string ca = published_.ca.empty() ? "the CA" : published_.ca;
    if (until > now) {
      wait = {until, fmt::format("{} said that it allows no more {} until {}", ca, counted.subject, to_rfc3339(until)),
              true};
    }
  }
  const auto& limit = *counted.limit;
  if (!believed || !limit) return wait;
  auto until = next_in(bucket, *limit, counted.needed, now);
  if (counted.is_waited_for && do_others_wait(bucket, now) && !is_expected) {
    until = std::max(until, bucket.last_place + limit->interval());
  }
  until = std::min<Time>(until, now + longest_wait);
  if (until > now && (!wait || wait->until < until)) wait = {until, sentence(counted, until), false};
  return wait;
}

std::optional<Limits::Wait> Limits::wait(const CountedOrder& order, Time now, bool believed, bool is_expected) const {
  if (buckets_.empty()) return std::nullopt;
  if (order.not_after && *order.not_after > now && *order.not_after - now < last_day) believed = false;
  std::optional<Wait> longest;
  for (const auto& each : counted(order)) {
    auto own = wait_for(each, order, now, believed, is_expected);
    if (own && (!longest || own->until > longest->until)) longest = std::move(own);
  }
  return longest;
}

std::optional<Limits::Wait> Limits::place(const CountedOrder& order, Time now) {
  auto longest = wait(order, now);
  if (!longest) return longest;
  for (const auto& each : counted(order)) {
    const auto own = wait_for(each, order, now, true, false);
    if (!own || !each.is_waited_for) continue;
    auto& bucket = bucket_of(each);
    bucket.last_place = own->until;
    bucket.placed = now;
  }
  return longest;
}

bool Limits::use(const Counted& counted, Time now) {
  const auto& limit = *counted.limit;
  if (!limit) return false;
  auto& bucket = bucket_of(counted);
  // More than all cannot be used: what a person forced, or another acmed at the same CA did, is paid for once.
  bucket.full_at = std::min<Time>(believable(bucket.full_at, *limit, now) + limit->interval(), now + limit->window);
  return true;
}

bool Limits::ordered(const CountedOrder& order, Time now) {
  const bool is_favoured = (order.replaces || order.renews) && published_.favours_renewals;
  for (const auto& each : of_certificate(order)) {
    if (*each.limit) ++bucket_of(each).reserved;
  }
  return !is_favoured && use({key_of_account(order.account), &published_.orders, {}}, now);
}

void Limits::released(const CountedOrder& order) {
  for (const auto& each : of_certificate(order)) {
    const auto found = buckets_.find(each.key);
    if (found != buckets_.end() && found->second.reserved > 0) --found->second.reserved;
  }
}

bool Limits::issued(const CountedOrder& order, Time now) {
  bool is_new = false;
  for (const auto& each : of_certificate(order)) is_new = use(each, now) || is_new;
  return is_new;
}

bool Limits::not_issued(const CountedOrder& order, Time now) {
  bool is_new = false;
  for (const auto& each : of_certificate(order)) {
    const auto found = buckets_.find(each.key);
    if (found == buckets_.end() || !*each.limit) continue;
    found->second.full_at = std::max<Time>(found->second.full_at - (*each.limit)->interval(), now);
    is_new = true;
  }
  return is_new;
}

bool Limits::failed(const std::string& account, const std::string& name, Time now) {
  return use({key_of_failures(account, name), &published_.failures, {}}, now);
}

unsigned Limits::failures_left(const std::string& account, const std::string& name, Time now) const {
  if (!published_.failures) return unlimited;
  const auto& limit = *published_.failures;
  const auto found = buckets_.find(key_of_failures(account, name));
  if (found == buckets_.end()) return limit.most;
  const Duration room = now + limit.window - believable(found->second.full_at, limit, now);
  return static_cast<unsigned>(std::max<Duration>(room, Duration::zero()) / limit.interval());
}

void Limits::said(const CountedOrder& order, const std::string& detail, Time now, Time until) {
  std::vector<std::string> keys;
  const auto has = [&detail](const char* words) { return detail.find(words) != std::string::npos; };
  // As Boulder says it; whatever else is said is taken to be about these names.
  if (has("failed authorizations") || has("authorization failures")) {
    for (const auto& name : order.names) {
      if (mentions(detail, name)) keys.push_back(key_of_failures(order.account, name));
    }
  } else if (has("this account") && !has("exact set")) {
    keys.push_back(key_of_account(order.account));
  } else if (!has("exact set")) {
    for (const auto& domain : order.domains) {
      if (mentions(detail, domain)) keys.push_back(fmt::format("{}{}", of_domain, domain));
    }
  }
  const store::Pause said{now, std::min<Time>(until, now + longest_wait)};
  if (keys.empty()) bucket_of(of_same_names(order)).said = said;
  for (const auto& key : keys) buckets_[key].said = said;
}

std::optional<Limits::Use> Limits::use_of(std::string_view key, const Bucket& bucket, const OwnKeys& own,
                                          Time now) const {
  Use use;
  if (key == own.account) {
    use.limit = "orders";
    use.of = published_.orders;
  } else if (key.starts_with(own.failures)) {
    use.limit = "failures";
    use.of = published_.failures;
  } else if (key.starts_with(of_names)) {
    use.limit = "same_names";
    use.of = published_.same_names;
  } else if (key.starts_with(of_domain)) {
    use.limit = "domain";
    use.of = published_.domain;
  } else {
    return std::nullopt;  // of another account
  }
  if (use.of) {
    const auto interval = use.of->interval();
    const auto left = believable(bucket.full_at, *use.of, now) + interval * bucket.reserved - now;
    use.used = static_cast<unsigned>((left + interval - Duration(1)) / interval);
    use.free_at = now + left;
  }
  if (is_believable(bucket.said, now)) use.refused_until = bucket.said.until;
  if (use.used == 0 && !use.refused_until) return std::nullopt;
  return use;
}

/// Much may be counted: only what is told is sorted, and gets its subject.
std::vector<Limits::Use> Limits::in_use(const std::string& account, std::size_t most, Time now) const {
  const OwnKeys own{key_of_account(account), key_of_failures(account, "")};
  std::vector<std::pair<Use, std::string_view>> all;
  for (const auto& [key, bucket] : buckets_) {
    if (auto use = use_of(key, bucket, own, now)) all.emplace_back(*std::move(use), key);
  }
  const auto is_own = [&own](const auto& each) { return each.second == own.account; };
  if (published_.orders && std::ranges::none_of(all, is_own)) {
    Use unused;
    unused.limit = "orders";
    unused.of = published_.orders;
    unused.free_at = now;
    all.emplace_back(std::move(unused), own.account);
  }
  const auto share = [](const Use& use) {
    return use.refused_until ? 2.0 : static_cast<double>(use.used) / use.of->most;
  };
  const auto told = all.begin() + static_cast<std::ptrdiff_t>(std::min(most, all.size()));
  std::ranges::partial_sort(all, told, [&](const auto& one, const auto& other) {
    return std::tuple(is_own(other), share(other.first), one.second) <
           std::tuple(is_own(one), share(one.first), other.second);
  });
  std::vector<Use> uses;
  for (auto each = all.begin(); each != told; ++each) {
    auto& [use, key] = *each;
    if (use.limit == "domain") use.subject = key.substr(of_domain.size());
    if (use.limit == "failures") use.subject = key.substr(own.failures.size());
    if (use.limit == "same_names") use.names = buckets_.at(std::string(key)).names;
    uses.push_back(std::move(use));
  }
  return uses;
}

void Limits::shift(Duration by) {
  for (auto& [key, bucket] : buckets_) {
    for (auto* time : {&bucket.full_at, &bucket.last_place, &bucket.placed, &bucket.said.since, &bucket.said.until}) {
      if (*time != Time{}) *time += by;
    }
  }
}

std::map<std::string, store::LimitUse> Limits::uses(Time now) {
  std::map<std::string, store::LimitUse> all;
  std::erase_if(buckets_, [now](const auto& entry) {
    const auto& bucket = entry.second;
    return bucket.full_at <= now && !is_believable(bucket.said, now) && bucket.reserved == 0 &&
           !do_others_wait(bucket, now);
  });
  for (const auto& [key, bucket] : buckets_) {
    store::LimitUse use;
    if (bucket.full_at > now) use.full_at = bucket.full_at;
    if (is_believable(bucket.said, now)) use.said = bucket.said;
    if (use.full_at == Time{} && use.said.until == Time{}) continue;
    use.names = bucket.names;
    all.emplace(key, std::move(use));
  }
  return all;
}

void Limits::restore(const std::map<std::string, store::LimitUse>& uses, Time now) {
  for (const auto& [key, use] : uses) {
    if (use.full_at <= now && !is_believable(use.said, now)) continue;
    auto& bucket = buckets_[key];
    bucket.full_at = use.full_at;
    bucket.names = use.names;
    if (is_believable(use.said, now)) bucket.said = use.said;
  }
}

}  // namespace acmed::renew
