// SPDX-License-Identifier: Apache-2.0
#include "daemon/acmectl/offline.h"

#include "base/error.h"
#include "base/party.h"
#include "daemon/renew/due.h"
#include "daemon/renew/star.h"

namespace acmed::acmectl {
namespace {

json::Object trouble_json(const std::string& what, const store::Trouble& trouble) {
  return {{"what", what},
          {"sentence", trouble.sentence},
          {"cause", trouble.cause},
          {"party", trouble.party ? json::Value(to_text(*trouble.party)) : json::Value()},
          {"since", to_rfc3339(trouble.since)},
          {"failures", static_cast<std::int64_t>(trouble.failures)},
          {"next_try", trouble.next_try == Time::max() ? json::Value() : json::Value(to_rfc3339(trouble.next_try))}};
}

json::Object window_json(const store::RenewalPlan& plan) {
  const auto& url = plan.explanation_url;
  return {{"start", to_rfc3339(plan.window_start)},
          {"end", to_rfc3339(plan.window_end)},
          {"explanation_url", url.empty() ? json::Value() : json::Value(url)}};
}

json::Array targets_json(const config::Certificate& certificate, const store::Certificate& remembered,
                         json::Value* trouble) {
  json::Array targets;
  for (const auto& target : certificate.deploy) {
    json::Object object{{"name", target.name}};
    const auto found = remembered.deployments.find(target.name);
    const auto served = found == remembered.deployments.end() ? 0U : found->second.served;
    object.emplace("generation", static_cast<std::int64_t>(served));
    object.emplace("in_step", remembered.issued && served == remembered.issued->generation);
    json::Value of_target;
    if (found != remembered.deployments.end() && found->second.trouble) {
      of_target = trouble_json("deploy:" + target.name, *found->second.trouble);
      if (trouble->is_null()) *trouble = of_target;
    }
    object.emplace("trouble", std::move(of_target));
    targets.emplace_back(std::move(object));
  }
  return targets;
}

std::string state_of(const store::Certificate& remembered, bool is_troubled, std::optional<Time> due, Time now) {
  if (!remembered.issued) return is_troubled ? "failing" : "missing";
  if (remembered.issued->not_after <= now) return "expired";
  if (is_troubled) return "failing";
  return due && *due <= now ? "due" : "valid";
}

}  // namespace

json::Object describe(const config::Certificate& certificate, const store::StateView& state, Time now) {
  json::Object object{{"name", certificate.name},
                      {"domains", json::Array(certificate.domains.begin(), certificate.domains.end())},
                      {"ca", certificate.ca},
                      {"key_type", certificate.key_type_text()}};
  store::Certificate remembered;
  json::Value trouble;
  try {
    remembered = state.certificate(certificate.name).value_or(store::Certificate());
  } catch (const Error& error) {
    store::Trouble unread;
    unread.sentence = error.what();
    unread.cause = error.cause();
    unread.party = error.party();
    unread.since = now;
    unread.next_try = Time::max();
    trouble = trouble_json("load", unread);
  }
  std::optional<Time> due;
  if (const auto& issued = remembered.issued) {
    object.emplace("live",
                   json::Object{{"generation", static_cast<std::int64_t>(issued->generation)},
                                {"serial", issued->serial},
                                {"not_before", to_rfc3339(issued->not_before)},
                                {"not_after", to_rfc3339(issued->not_after)},
                                {"directory", state.live_path(certificate.name).string()},
                                {"revoked", json::Value()},
                                {"days_left", std::chrono::floor<std::chrono::days>(issued->not_after - now).count()}});
    if (const auto& plan = remembered.renewal; plan && plan->has_window()) {
      object.emplace("suggested_window", window_json(*plan));
    }
    due = renew::next_star_certificate(remembered).value_or(renew::due_at(*issued, certificate.renew));
    object.emplace("next", json::Object{{"what", "renew"}, {"at", to_rfc3339(*due)}, {"because", ""}});
  }
  if (remembered.dane_trouble) trouble = trouble_json("dane", *remembered.dane_trouble);
  if (remembered.trouble) trouble = trouble_json("issue", *remembered.trouble);
  object.emplace("targets", targets_json(certificate, remembered, &trouble));
  object.emplace("state", state_of(remembered, !trouble.is_null(), due, now));
  object.emplace("renewal", due ? json::Value(to_rfc3339(*due)) : json::Value());
  object.emplace("troubles", trouble.is_null() ? json::Array() : json::Array{trouble});
  object.emplace("trouble", std::move(trouble));
  for (const auto* absent : {"live", "next", "suggested_window", "work"})
    object.emplace(absent, json::Value());  // where there is none
  return object;
}

}  // namespace acmed::acmectl
