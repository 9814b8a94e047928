// SPDX-License-Identifier: Apache-2.0
#include "providers/route53/route53.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "base/runtime/sleep.h"
#include "providers/route53/change_batch.h"

namespace acmed::providers::route53 {
namespace {

using namespace std::chrono_literals;

constexpr Duration local_connect_limit = 1s;  // of services on the host's own link
constexpr int most_attempts = 12;             // against others who change the same sets
constexpr Duration first_pause = 100ms;
constexpr Duration longest_pause = 5s;
constexpr std::size_t most_names_listed = 8;

/// Parts of the messages with which Route 53 refuses a batch because a set is not, or no more, as the batch says.
constexpr std::array<std::string_view, 3> overtaken_words = {"already exists", "was not found",
                                                             "do not match the current values"};

http::Settings outward(const config::Route53& settings) {
  return {.extra_trust_pem = settings.trust_pem, .allow_plain_http = true};
}

http::Settings inward() {
  return {.extra_trust_pem = {}, .allow_plain_http = true, .by_proxy = false, .connect_limit = local_connect_limit};
}

bool is_overtaken(const AwsError& error) {
  return std::ranges::any_of(
      overtaken_words, [&error](std::string_view words) { return error.message.find(words) != std::string::npos; });
}

std::set<dns::Name> keys_of(const auto& map) {
  std::set<dns::Name> keys;
  for (const auto& [key, value] : map) keys.insert(key);
  return keys;
}

std::string list(const auto& names) {
  std::vector<std::string> texts;
  for (const auto& name : names) {
    if (texts.size() < most_names_listed) texts.push_back(name.text());
  }
  const auto more = names.size() - texts.size();
  return fmt::format("{}{}", fmt::join(texts, ", "), more == 0 ? "" : fmt::format(" and {} more", more));
}

/// Why a value cannot be added there; empty when it can.
std::string obstacle(const Standing& standing, const dns::Name& name, const Zone& zone) {
  if (standing.alias) {
    return fmt::format(
        "a CNAME stands at {} in {}: the value belongs at its target, and nothing was written here. If "
        "the public DNS has no such CNAME, this zone is not the one that it shows",
        name.text(), text_of(zone));
  }
  if (standing.delegated) {
    return fmt::format(
        "{} is delegated to other name servers by NS records in {}: the provider that serves it there has "
        "to write the value",
        name.text(), text_of(zone));
  }
  if (standing.routed) {
    return fmt::format(
        "TXT records of a routing policy stand at {} in {}, such as cert-manager makes, and Route 53 allows "
        "no others beside them: remove them",
        name.text(), text_of(zone));
  }
  return {};
}

bool adds(const std::vector<TxtChange>& changes) {
  return std::ranges::any_of(changes, [](const TxtChange& change) { return change.action == Action::add; });
}

}  // namespace

Route53::Route53(const config::Provider& configured, const config::Route53& settings, Loop& loop,
                 dns::Discovery& discovery, const Environment& environment)
    : http_(loop, outward(settings)),
      local_http_(loop, inward()),
      keychain_(settings, loop, http_, local_http_, environment),
      api_(settings, loop, http_, keychain_),
      zones_(loop, api_, discovery),
      publication_(loop, api_) {
  if (!settings.hosted_zone_id.empty()) only_ = Zone{dns::Name(configured.zones.front()), settings.hosted_zone_id};
}

Task<std::optional<Zone>> Route53::zone_of(dns::Name name) {
  if (!only_) co_return co_await zones_.of(name);
  if (!name.is_within(only_->apex)) co_return std::nullopt;
  co_return only_;
}

Task<> Route53::apply(Zone zone, std::vector<TxtChange> changes) {
  ByName by_name;
  for (auto& change : changes) by_name[change.name].push_back(std::move(change));
  std::map<dns::Name, Error> failures;
  co_await change(std::move(zone), std::move(by_name), &failures);
  if (!failures.empty()) throw SomeFailed(std::move(failures));
}

Task<> Route53::change(Zone zone, ByName changes, std::map<dns::Name, Error>* failures) {
  const auto turn = co_await writers_.try_emplace(zone, 1).first->second.acquire();
  Duration longest = first_pause;
  for (int attempt = 1; !changes.empty(); ++attempt) {
    auto overtaken = co_await change_once(zone, std::move(changes), failures);
    if (overtaken.empty()) co_return;
    if (attempt == most_attempts) {
      throw Retry("aws:InvalidChangeBatch", fmt::format("others keep changing TXT at {} in {} at the same time",
                                                        list(keys_of(overtaken)), text_of(zone)));
    }
    changes = std::move(overtaken);
    co_await sleep_for(jittered(longest));
    longest = std::min(2 * longest, longest_pause);
  }
}

/// Gives back the changes that were not made since somebody else changed the same sets meanwhile.
Task<Route53::ByName> Route53::change_once(Zone zone, ByName changes, std::map<dns::Name, Error>* failures) {
  const auto standing = co_await read_standing(&api_, zone, keys_of(changes));
  std::vector<SetChange> wanted;
  for (const auto& [name, at_name] : changes) {
    const auto& here = standing.at(name);
    const auto trouble = obstacle(here, name, zone);
    if (!trouble.empty() && adds(at_name)) {
      failures->emplace(name, Refused("aws:obstacle", trouble));
      continue;
    }
    auto after = changed(here.txt, at_name);
    if (after != here.txt) wanted.push_back({name, here.txt, std::move(after)});
  }
  ByName overtaken;
  for (auto& batch : batches_of(std::move(wanted))) {
    const bool made = co_await send(zone, batch);
    if (made) continue;
    for (const auto& set : batch) overtaken[set.name] = changes[set.name];
  }
  co_return overtaken;
}

/// False when somebody else changed one of the sets meanwhile: then nothing of the batch was made.
Task<bool> Route53::send(Zone zone, std::vector<SetChange> batch) {
  const Purpose purpose{fmt::format("change {}", text_of(zone)),
                        api_.allowing("ChangeResourceRecordSets", "hostedzone/" + zone.id),
                        "ChangeResourceRecordSetsResponse"};
  const Call call{"POST", sets_path(zone), {}, {{"content-type", "application/xml"}}, batch_document(batch)};
  const auto answer = co_await api_.send(call, purpose, {"InvalidChangeBatch"});
  if (answer.document) {
    publication_.accepted(zone, (*answer.document)["ChangeInfo"]["Id"].text);
    co_return true;
  }
  if (is_overtaken(answer.error)) co_return false;
  std::vector<dns::Name> names;
  for (const auto& set : batch) names.push_back(set.name);
  throw Refused("aws:InvalidChangeBatch", fmt::format("Route 53 refuses to change TXT at {} in {}: {}", list(names),
                                                      text_of(zone), answer.error.message));
}

Task<> Route53::await_published(Zone zone) {
  return publication_.await(std::move(zone));
}

Task<std::optional<std::string>> Route53::check_credentials() {
  if (only_) {
    co_await read_standing(&api_, *only_, {only_->apex.prefixed("_acme-challenge")});
  } else {
    co_await zones_.probe();
  }
  co_return std::nullopt;
}

void Route53::rest() {
  http_.rest();
  local_http_.rest();
  keychain_.forget();
}

}  // namespace acmed::providers::route53
