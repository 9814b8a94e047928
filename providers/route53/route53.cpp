// SPDX-License-Identifier: Apache-2.0
#include "providers/route53/route53.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "config/challenge_label.h"
#include "providers/kit/causes.h"
#include "providers/kit/halving.h"
#include "providers/kit/name_list.h"
#include "providers/route53/change_batch.h"
#include "providers/route53/record_listing.h"

namespace acmed::providers::route53 {
namespace {

using namespace std::chrono_literals;

constexpr Duration local_connect_limit = 1s;  // of services on the host's own link

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

/// Why a value cannot be added there; empty when it can.
std::string obstacle(const Records& records, const dns::Name& name, const Zone& zone, dns::Type type) {
  if (records.alias) {
    return fmt::format(
        "a CNAME stands at {} in {}: the value belongs at its target, and nothing was written here. If "
        "the public DNS has no such CNAME, this zone is not the one that it shows",
        name.text(), text_of(zone));
  }
  if (records.delegated) {
    return fmt::format(
        "{} is delegated to other name servers by NS records in {}: the provider that serves it there has "
        "to write the value",
        name.text(), text_of(zone));
  }
  if (records.routed) {
    return fmt::format(
        "{} records of a routing policy stand at {} in {}, such as cert-manager makes, and Route 53 allows "
        "no others beside them: remove them",
        type_text(type), name.text(), text_of(zone));
  }
  return {};
}

}  // namespace

Route53::Route53(const config::Provider& configured, const config::Route53& settings, Loop& loop,
                 dns::Discovery& discovery, const Environment& environment)
    : RrsetProvider(Writing::compared, loop.clock(), Escapes::octal),
      http_(loop, outward(settings)),
      local_http_(loop, inward()),
      keychain_(settings, loop, http_, local_http_, environment),
      api_(settings, loop, http_, keychain_),
      zones_(loop, api_, discovery),
      publication_(loop, api_) {
  if (!settings.hosted_zone_id.empty()) only_ = Zone{dns::Name(configured.zones.front()), settings.hosted_zone_id};
}

Task<std::optional<Zone>> Route53::zone_of(dns::Name name) {
  return zone_for(std::move(name), {});
}

Task<std::optional<Zone>> Route53::zone_for(dns::Name name, dns::Name in_dns) {
  if (!only_) co_return co_await zones_.of(name, in_dns);
  if (!name.is_within(only_->apex)) co_return std::nullopt;
  co_return only_;
}

Task<> Route53::apply(Zone zone, std::vector<TxtChange> changes) {
  const auto turn = co_await writers_.try_emplace(zone, 1).first->second.acquire();
  std::exception_ptr denied;
  std::string said;
  try {
    co_return co_await RrsetProvider::apply(zone, std::move(changes));
  } catch (const Refused& error) {
    if (error.cause() != "aws:AccessDenied" && error.cause() != "aws:AccessDeniedException") throw;
    denied = std::current_exception();
    said = error.what();
  }
  const bool gone = co_await is_gone(zone);
  if (!gone) std::rethrow_exception(denied);
  throw Refused(cause::zone_gone,
                fmt::format("{} is not among the hosted zones of the account any more ({})", text_of(zone), said));
}

/// Whether the account's list of hosted zones can be read and holds `zone` no more, as after a move to another account.
Task<bool> Route53::is_gone(Zone zone) {
  try {
    const auto all = co_await zones_.all();
    co_return std::ranges::find(all, zone) == all.end();
  } catch (const Error&) {
    co_return false;  // what was denied before tells more
  }
}

Task<std::map<dns::Name, Standing>> Route53::read(Zone zone, std::set<dns::Name> names, dns::Type type) {
  auto records = co_await read_records(&api_, zone, std::move(names), type);
  std::map<dns::Name, Standing> standing;
  for (auto& [name, here] : records) {
    auto& at_name = standing[name];
    const auto trouble = obstacle(here, name, zone, type);
    if (!trouble.empty()) at_name.obstacle = Refused("aws:obstacle", trouble);
    at_name.set = std::move(here.set);
  }
  co_return standing;
}

Task<Route53::Replaced> Route53::replace(Zone zone, std::vector<SetChange> sets) {
  Replaced replaced;
  const auto send_some = [this, zone, overtaken = &replaced.overtaken](std::vector<SetChange> some) {
    return send(zone, std::move(some), overtaken);
  };
  for (auto& batch : batches_of(std::move(sets))) {
    const auto refused = co_await send_by_halves<std::string>(std::move(batch), send_some);
    for (const auto& [set, words] : refused) {
      replaced.refused.emplace(
          set.name,
          Refused("aws:InvalidChangeBatch", fmt::format("Route 53 refuses to change {} at {} in {}: {}",
                                                        type_text(set.type), set.name.text(), text_of(zone), words)));
    }
  }
  co_return replaced;
}

void Route53::throw_contended(const Zone& zone, const std::vector<dns::Name>& names) const {
  throw Retry("aws:InvalidChangeBatch",
              fmt::format("others keep changing TXT at {} in {} at the same time", list_names(names), text_of(zone)));
}

/// Gives AWS's words when it refuses the batch. When somebody else changed one of the sets meanwhile, all go to
/// `overtaken`. Nothing of the batch was made then.
Task<std::optional<std::string>> Route53::send(Zone zone, std::vector<SetChange> batch,
                                               std::set<dns::Name>* overtaken) {
  const Purpose purpose{fmt::format("change {}", text_of(zone)),
                        api_.allowing("ChangeResourceRecordSets", "hostedzone/" + zone.id),
                        "ChangeResourceRecordSetsResponse"};
  const Call call{"POST", sets_path(zone), {}, {{"content-type", "application/xml"}}, batch_document(batch)};
  const auto answer = co_await api_.send(call, purpose, {"InvalidChangeBatch"});
  if (answer.document) {
    publication_.accepted(zone, (*answer.document)["ChangeInfo"]["Id"].text);
    co_return std::nullopt;
  }
  if (!is_overtaken(answer.error)) co_return answer.error.message;
  for (const auto& set : batch) overtaken->insert(set.name);
  co_return std::nullopt;
}

Task<> Route53::await_published(Zone zone) {
  return publication_.await(std::move(zone));
}

Task<std::optional<std::string>> Route53::check_credentials() {
  if (only_) {
    co_await read_records(&api_, *only_, {only_->apex.prefixed(config::challenge_label)});
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
