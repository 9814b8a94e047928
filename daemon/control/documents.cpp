// SPDX-License-Identifier: Apache-2.0
#include "daemon/control/documents.h"

#include <algorithm>

#include "base/party.h"

namespace acmed::control {
namespace {

json::Array texts_json(const std::vector<std::string>& texts) {
  return {texts.begin(), texts.end()};
}

/// Empty texts are not told.
json::Value text_json(const std::string& text) {
  return text.empty() ? json::Value() : json::Value(text);
}

std::int64_t whole_days(Duration duration) {
  return std::chrono::floor<std::chrono::days>(duration).count();
}

json::Value revoked_json(const std::optional<keep::RevokedView>& revoked) {
  if (!revoked) return {};
  return json::Object{{"at", to_rfc3339(revoked->at)}, {"reason", revoked->reason}, {"by_ca", revoked->by_ca}};
}

json::Value live_json(const keep::LiveView& live, Time now) {
  return json::Object{{"generation", static_cast<std::int64_t>(live.generation)},
                      {"serial", live.serial},
                      {"not_before", to_rfc3339(live.not_before)},
                      {"not_after", to_rfc3339(live.not_after)},
                      {"days_left", whole_days(live.not_after - now)},
                      {"revoked", revoked_json(live.revoked)}};
}

json::Value window_json(const std::optional<keep::WindowView>& window) {
  if (!window) return {};
  return json::Object{{"start", to_rfc3339(window->start)},
                      {"end", to_rfc3339(window->end)},
                      {"explanation_url", text_json(window->explanation_url)}};
}

json::Value target_json(const keep::TargetView& target) {
  return json::Object{{"name", target.name},
                      {"generation", static_cast<std::int64_t>(target.generation)},
                      {"in_step", target.in_step},
                      {"trouble", target.trouble ? json::Value(trouble_json(*target.trouble)) : json::Value()}};
}

json::Value limit_json(const LimitView& limit) {
  return json::Object{
      {"limit", limit.limit},
      {"subject", text_json(limit.subject)},
      {"names", texts_json(limit.names)},
      {"name_count", static_cast<std::int64_t>(limit.name_count)},
      {"most", limit.of ? json::Value(static_cast<std::int64_t>(limit.of->most)) : json::Value()},
      {"window",
       limit.of ? json::Value(static_cast<std::int64_t>(limit.of->window / std::chrono::seconds(1))) : json::Value()},
      {"used", static_cast<std::int64_t>(limit.used)},
      {"free_at", time_json(limit.of ? std::optional(limit.free_at) : std::nullopt)},
      {"refused_until", time_json(limit.refused_until)}};
}

}  // namespace

json::Value time_json(std::optional<Time> time) {
  return time ? json::Value(to_rfc3339(*time)) : json::Value();
}

json::Object trouble_json(const keep::TroubleView& trouble) {
  return {{"what", trouble.what},
          {"sentence", trouble.sentence},
          {"cause", trouble.cause},
          {"party", trouble.party ? json::Value(to_text(*trouble.party)) : json::Value()},
          {"since", to_rfc3339(trouble.since)},
          {"failures", static_cast<std::int64_t>(trouble.failures)},
          {"next_try", trouble.next_try == Time::max() ? json::Value() : json::Value(to_rfc3339(trouble.next_try))}};
}

json::Object certificate_json(const keep::CertificateView& view, json::Value work, Time now) {
  json::Array troubles;
  for (const auto& trouble : view.troubles) troubles.push_back(trouble_json(trouble));
  json::Array targets;
  for (const auto& target : view.targets) targets.push_back(target_json(target));
  json::Value next;
  if (view.next) {
    next = json::Object{{"what", view.next->what}, {"at", to_rfc3339(view.next->at)}, {"because", view.next->because}};
  }
  json::Value trouble;
  if (!troubles.empty()) trouble = troubles.front();
  return {{"name", view.name},
          {"domains", texts_json(view.domains)},
          {"ca", view.ca},
          {"key_type", view.key_type},
          {"state", keep::to_text(view.state)},
          {"live", view.live ? live_json(*view.live, now) : json::Value()},
          {"next", std::move(next)},
          {"suggested_window", window_json(view.suggested_window)},
          {"renewal", time_json(view.renewal)},
          {"trouble", std::move(trouble)},
          {"troubles", std::move(troubles)},
          {"targets", std::move(targets)},
          {"work", std::move(work)}};
}

json::Object generation_json(const GenerationView& generation) {
  return {{"generation", static_cast<std::int64_t>(generation.generation)},
          {"serial", generation.serial},
          {"issuer", generation.issuer},
          {"not_before", to_rfc3339(generation.not_before)},
          {"not_after", to_rfc3339(generation.not_after)},
          {"issued_at", to_rfc3339(generation.issued_at)},
          {"revoked", revoked_json(generation.revoked)}};
}

json::Object account_json(const AccountView& account) {
  json::Array limits;
  for (const auto& limit : account.limits) limits.push_back(limit_json(limit));
  return {{"ca", account.ca},
          {"directory", account.directory_url},
          {"url", text_json(account.url)},
          {"key_type", account.key_type},
          {"external_account", text_json(account.external_account)},
          {"contact", texts_json(account.contact)},
          {"registered", time_json(account.registered)},
          {"account", text_json(account.label)},
          {"deactivated", time_json(account.deactivated)},
          {"limits", std::move(limits)}};
}

json::Object ca_json(const CaView& ca) {
  return {{"name", ca.name},
          {"directory", ca.directory_url},
          {"open", !ca.paused_until.has_value()},
          {"paused_until", time_json(ca.paused_until)}};
}

json::Object provider_json(const ProviderView& provider) {
  return {{"name", provider.name},
          {"type", provider.type},
          {"place", provider.place},
          {"zones", texts_json(provider.zones)},
          {"ready", !provider.trouble.has_value()},
          {"trouble", provider.trouble ? json::Value(*provider.trouble) : json::Value()},
          {"credential_until", time_json(provider.credential_until)}};
}

json::Object fault_json(const config::Fault& fault) {
  return {{"file", fault.file},
          {"line", static_cast<std::int64_t>(fault.line)},
          {"column", static_cast<std::int64_t>(fault.column)},
          {"sentence", fault.sentence}};
}

}  // namespace acmed::control
