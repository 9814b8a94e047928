// SPDX-License-Identifier: Apache-2.0
#include "daemon/store/records.h"

#include <algorithm>

#include "base/party.h"
#include "base/secret_list.h"

namespace acmed::store {
namespace {

constexpr int format_version = 1;
/// Of one CA: more are not believed.
constexpr std::size_t most_limit_uses = 100'000;
constexpr std::size_t longest_sentence = std::size_t{4} * 1024;

json::Array to_array(const std::vector<std::string>& texts) {
  return {texts.begin(), texts.end()};
}

Time time_of(const json::Value& value) {
  return parse_rfc3339(value.text_or()).value_or(Time{});
}

unsigned count_of(const json::Value& value) {
  return static_cast<unsigned>(std::max<std::int64_t>(value.integer_or(0), 0));
}

json::Value value_json(const TxtValue& txt) {
  json::Object object{{"provider", txt.provider},
                      {"zone", txt.zone},
                      {"zone_id", txt.zone_id},
                      {"name", txt.name},
                      {"value", txt.value}};
  if (txt.origin) {
    object.emplace("origin",
                   json::Object{{"domain", txt.origin->domain}, {"key_authorization", txt.origin->key_authorization}});
  }
  return object;
}

json::Value persistent_json(const PersistentRecord& record) {
  auto object = *value_json(record.txt).as_object();
  object.emplace("domain", record.domain);
  object.emplace("directory", record.directory_url);
  return object;
}

std::optional<TxtOrigin> txt_origin_from(const json::Value& value) {
  if (value.is_null()) return std::nullopt;
  return TxtOrigin{value["domain"].text_or(), value["key_authorization"].text_or()};
}

TxtValue txt_value_from(const json::Value& value) {
  return {value["provider"].text_or(), value["zone"].text_or(),  value["zone_id"].text_or(),
          value["name"].text_or(),     value["value"].text_or(), txt_origin_from(value["origin"])};
}

PersistentRecord persistent_from(const json::Value& value) {
  return {txt_value_from(value), value["domain"].text_or(), value["directory"].text_or()};
}

/// Nothing where the member is not there, which is something else than an empty text.
std::optional<std::string> text_if(const json::Value& value) {
  if (value.is_null()) return std::nullopt;
  return value.text_or();
}

json::Value order_json(const OpenOrder& order) {
  json::Object object{{"directory", order.account.directory_url},
                      {"external_account", order.account.external_account},
                      {"account_key_type", order.account.key_type},
                      {"url", order.url},
                      {"key", order.key_pem.reveal()},
                      {"key_type", order.key_type},
                      {"domains", to_array(order.domains)},
                      {"failures", static_cast<std::int64_t>(order.failures)},
                      {"fruitless", static_cast<std::int64_t>(order.fruitless)},
                      {"validating", order.validating}};
  if (!order.account.brought_key.empty()) object.emplace("account_brought_key", order.account.brought_key);
  if (!order.account.label.empty()) object.emplace("account_label", order.account.label);
  if (order.expires) object.emplace("expires", to_rfc3339(*order.expires));
  if (order.profile) object.emplace("profile", *order.profile);
  if (!order.delegation.empty()) object.emplace("delegation", order.delegation);
  return object;
}

OpenOrder order_from(const json::Value& value) {
  return {{value["directory"].text_or(), value["external_account"].text_or(), value["account_key_type"].text_or(),
           value["account_brought_key"].text_or(), value["account_label"].text_or()},
          value["url"].text_or(),
          Secret(value["key"].text_or()),
          value["key_type"].text_or(),
          value["domains"].texts(),
          parse_rfc3339(value["expires"].text_or()),
          count_of(value["failures"]),
          count_of(value["fruitless"]),
          value["validating"].bool_or(false),
          text_if(value["profile"]),
          value["delegation"].text_or()};
}

json::Value star_json(const StarOrder& star) {
  return json::Object{{"order", order_json(star.order)},
                      {"certificate", star.certificate_url},
                      {"public", star.is_public},
                      {"lifetime", std::int64_t{star.lifetime.count()}},
                      {"end", to_rfc3339(star.end)}};
}

StarOrder star_from(const json::Value& value) {
  return {order_from(value["order"]), value["certificate"].text_or(), value["public"].bool_or(false),
          std::chrono::seconds(count_of(value["lifetime"])), time_of(value["end"])};
}

/// What meta.json and the state tell of a certificate alike.
template <class Record>
json::Object facts_json(const Record& record) {
  return {{"directory", record.directory_url},           {"key_type", record.key_type},
          {"domains", to_array(record.domains)},         {"serial", record.serial},
          {"not_before", to_rfc3339(record.not_before)}, {"not_after", to_rfc3339(record.not_after)},
          {"issued_at", to_rfc3339(record.issued_at)}};
}

template <class Record>
void read_facts(const json::Value& value, Record& record) {
  record.directory_url = value["directory"].text_or();
  record.key_type = value["key_type"].text_or();
  record.domains = value["domains"].texts();
  record.serial = value["serial"].text_or();
  record.not_before = time_of(value["not_before"]);
  record.not_after = time_of(value["not_after"]);
  record.issued_at = parse_rfc3339(value["issued_at"].text_or()).value_or(record.not_before);
}

json::Value issued_json(const Issued& issued) {
  auto object = facts_json(issued);
  object.emplace("generation", static_cast<std::int64_t>(issued.generation));
  if (issued.profile) object.emplace("profile", *issued.profile);
  if (!issued.key_uri.empty()) object.emplace("key_uri", issued.key_uri);
  return object;
}

Issued issued_from(const json::Value& value) {
  Issued issued;
  issued.generation = count_of(value["generation"]);
  issued.profile = text_if(value["profile"]);
  issued.key_uri = value["key_uri"].text_or();
  read_facts(value, issued);
  return issued;
}

json::Value trouble_json(const Trouble& trouble) {
  json::Object object{{"failures", static_cast<std::int64_t>(trouble.failures)},
                      {"cause", trouble.cause},
                      {"sentence", trouble.sentence},
                      {"since", to_rfc3339(trouble.since)},
                      {"next_try", to_rfc3339(trouble.next_try)},
                      {"about", trouble.about}};
  if (trouble.not_before) object.emplace("not_before", to_rfc3339(*trouble.not_before));
  if (trouble.party) object.emplace("party", to_text(*trouble.party));
  return object;
}

std::optional<Trouble> trouble_from(const json::Value& value) {
  if (value.is_null()) return std::nullopt;
  // acmed 0.1 stored foreign text in sentences unfiltered.
  return Trouble{count_of(value["failures"]),
                 value["cause"].text_or(),
                 fit_to_show(value["sentence"].text_or(), longest_sentence),
                 time_of(value["since"]),
                 time_of(value["next_try"]),
                 parse_rfc3339(value["not_before"].text_or()),
                 value["about"].text_or(),
                 party_from_text(value["party"].text_or())};
}

json::Value deployment_json(const Deployment& deployment) {
  json::Object object{{"begun", static_cast<std::int64_t>(deployment.begun)},
                      {"served", static_cast<std::int64_t>(deployment.served)},
                      {"settings", deployment.settings},
                      {"in_place", static_cast<std::int64_t>(deployment.in_place)}};
  if (deployment.served_until != Time{}) object.emplace("served_until", to_rfc3339(deployment.served_until));
  if (deployment.trouble) object.emplace("trouble", trouble_json(*deployment.trouble));
  return object;
}

Deployment deployment_from(const json::Value& value) {
  return {count_of(value["begun"]),       count_of(value["served"]),      value["settings"].text_or(),
          trouble_from(value["trouble"]), time_of(value["served_until"]), count_of(value["in_place"])};
}

json::Value revocation_json(const Revocation& revocation) {
  json::Object object{{"generation", static_cast<std::int64_t>(revocation.generation)},
                      {"serial", revocation.serial},
                      {"reason", revocation.reason},
                      {"by_ca", revocation.by_ca},
                      {"after_next", revocation.after_next},
                      {"asked", to_rfc3339(revocation.asked)}};
  if (revocation.revoked) object.emplace("revoked", to_rfc3339(*revocation.revoked));
  return object;
}

Revocation revocation_from(const json::Value& value) {
  return {count_of(value["generation"]),
          value["serial"].text_or(),
          value["reason"].text_or(),
          value["by_ca"].bool_or(false),
          value["after_next"].bool_or(false),
          time_of(value["asked"]),
          parse_rfc3339(value["revoked"].text_or())};
}

bool is_known_form(const json::Value& value) {
  return value["version"].integer_or(0) == format_version;
}

json::Value renewal_json(const RenewalPlan& plan) {
  json::Object object{{"certificate_id", plan.certificate_id}, {"ask_next", to_rfc3339(plan.ask_next)}};
  if (plan.has_window()) {
    object.emplace("window_start", to_rfc3339(plan.window_start));
    object.emplace("window_end", to_rfc3339(plan.window_end));
    object.emplace("renew_at", to_rfc3339(plan.renew_at));
  }
  if (!plan.explanation_url.empty()) object.emplace("explanation_url", plan.explanation_url);
  return object;
}

RenewalPlan renewal_from(const json::Value& value) {
  return {value["certificate_id"].text_or(), time_of(value["window_start"]), time_of(value["window_end"]),
          time_of(value["renew_at"]),        time_of(value["ask_next"]),     value["explanation_url"].text_or()};
}

json::Value tlsa_json(const TlsaValue& value) {
  json::Object object{{"provider", value.provider},
                      {"zone", value.zone},
                      {"zone_id", value.zone_id},
                      {"name", value.name},
                      {"value", value.value},
                      {"generation", static_cast<std::int64_t>(value.generation)},
                      {"ttl", std::int64_t{value.ttl.count()}}};
  if (value.usable != Time{}) object.emplace("usable", to_rfc3339(value.usable));
  if (value.superfluous != Time{}) object.emplace("superfluous", to_rfc3339(value.superfluous));
  return object;
}

TlsaValue tlsa_from(const json::Value& value) {
  return {value["provider"].text_or(),
          value["zone"].text_or(),
          value["zone_id"].text_or(),
          value["name"].text_or(),
          value["value"].text_or(),
          count_of(value["generation"]),
          std::chrono::seconds(count_of(value["ttl"])),
          time_of(value["usable"]),
          time_of(value["superfluous"])};
}

json::Value dane_json(const Dane& dane) {
  json::Array values;
  for (const auto& value : dane.values) values.push_back(tlsa_json(value));
  json::Object object{{"generation", static_cast<std::int64_t>(dane.generation)},
                      {"current", dane.current},
                      {"values", std::move(values)}};
  if (dane.next_key) {
    object.emplace("next_key", json::Object{{"key", dane.next_key->pem.reveal()},
                                            {"key_type", dane.next_key->key_type},
                                            {"tlsa", dane.next_key->tlsa}});
  }
  return object;
}

Dane dane_from(const json::Value& value) {
  Dane dane;
  const auto& next = value["next_key"];
  if (!next.is_null()) {
    dane.next_key = NextKey{Secret(next["key"].text_or()), next["key_type"].text_or(), next["tlsa"].text_or()};
  }
  dane.generation = count_of(value["generation"]);
  dane.current = value["current"].text_or();
  for (const auto& tlsa : value["values"].elements()) dane.values.push_back(tlsa_from(tlsa));
  return dane;
}

}  // namespace

const Revocation* revocation_of(const Certificate& certificate, unsigned generation) {
  if (!certificate.revocations) return nullptr;
  const auto& all = *certificate.revocations;
  const auto found = std::ranges::find(all, generation, &Revocation::generation);
  return found == all.end() ? nullptr : &*found;
}

bool is_live_revoked(const Certificate& certificate) {
  const auto* found = certificate.issued ? revocation_of(certificate, certificate.issued->generation) : nullptr;
  return found != nullptr && found->revoked && found->serial == certificate.issued->serial;
}

bool is_newer(const json::Value& value) {
  return value["version"].integer_or(0) > format_version;
}

json::Value to_json(const Account& account) {
  json::Object object{{"version", format_version},
                      {"directory_url", account.identity.directory_url},
                      {"external_account", account.identity.external_account},
                      {"key_type", account.identity.key_type},
                      {"url", account.url}};
  if (!account.identity.brought_key.empty()) object.emplace("brought_key", account.identity.brought_key);
  if (account.registered != Time{}) object.emplace("registered", to_rfc3339(account.registered));
  if (account.contact) object.emplace("contact", to_array(*account.contact));
  if (!account.identity.label.empty()) object.emplace("label", account.identity.label);
  if (account.deactivated) {
    object.emplace("deactivated", to_rfc3339(*account.deactivated));
    object.emplace("deactivation_known", account.is_deactivation_known);
  }
  if (account.directory) {
    object.emplace("directory", account.directory->to_json());
    object.emplace("directory_read", to_rfc3339(account.directory_read));
  }
  return object;
}

std::optional<Account> account_from_json(const json::Value& value) {
  if (!is_known_form(value)) return std::nullopt;
  Account account;
  account.identity = {value["directory_url"].text_or(), value["external_account"].text_or(),
                      value["key_type"].text_or(), value["brought_key"].text_or(), value["label"].text_or()};
  account.url = value["url"].text_or();
  account.registered = time_of(value["registered"]);
  if (const auto& contact = value["contact"]; !contact.is_null()) account.contact = contact.texts();
  account.deactivated = parse_rfc3339(value["deactivated"].text_or());
  account.is_deactivation_known = value["deactivation_known"].bool_or(false);
  if (const auto& directory = value["directory"]; !directory.is_null()) {
    try {
      account.directory = acme::Directory::from_json(directory, account.identity.directory_url);
      account.directory_read = time_of(value["directory_read"]);
    } catch (const Error&) {
      account.directory.reset();  // only a cached copy: it is fetched again
    }
  }
  return account;
}

json::Value to_json(const GenerationMeta& meta) {
  auto object = facts_json(meta);
  object.emplace("name", meta.certificate);
  object.emplace("issuer", meta.issuer);
  if (!meta.key_uri.empty()) {
    object.emplace("key_uri", meta.key_uri);
    object.emplace("public_key", meta.public_key);
  }
  return object;
}

GenerationMeta generation_meta_from_json(const json::Value& value) {
  GenerationMeta meta;
  meta.certificate = value["name"].text_or();
  meta.issuer = value["issuer"].text_or();
  meta.key_uri = value["key_uri"].text_or();
  meta.public_key = value["public_key"].text_or();
  read_facts(value, meta);
  return meta;
}

json::Value to_json(const Certificate& certificate) {
  json::Object object{{"version", format_version}, {"revision", static_cast<std::int64_t>(certificate.revision)}};
  if (certificate.order) object.emplace("order", order_json(*certificate.order));
  if (certificate.set_aside) {
    json::Array orders;
    for (const auto& order : *certificate.set_aside) orders.push_back(order_json(order));
    object.emplace("set_aside", std::move(orders));
  }
  if (!certificate.values.empty()) {
    json::Array values;
    for (const auto& value : certificate.values) values.push_back(value_json(value));
    object.emplace("values", std::move(values));
  }
  if (!certificate.persistent.empty()) {
    json::Array records;
    for (const auto& record : certificate.persistent) records.push_back(persistent_json(record));
    object.emplace("persistent", std::move(records));
  }
  if (certificate.issued) object.emplace("issued", issued_json(*certificate.issued));
  if (certificate.renewal) object.emplace("renewal", renewal_json(*certificate.renewal));
  if (certificate.trouble) object.emplace("trouble", trouble_json(*certificate.trouble));
  if (certificate.leftover) object.emplace("leftover", trouble_json(*certificate.leftover));
  if (certificate.revocations && !certificate.revocations->empty()) {
    json::Array revocations;
    for (const auto& revocation : *certificate.revocations) revocations.push_back(revocation_json(revocation));
    object.emplace("revocations", std::move(revocations));
  }
  if (certificate.revoking) object.emplace("revoking", trouble_json(*certificate.revoking));
  if (certificate.revocation_checked != Time{}) {
    object.emplace("revocation_checked", to_rfc3339(certificate.revocation_checked));
  }
  if (certificate.persisting) object.emplace("persisting", trouble_json(*certificate.persisting));
  if (certificate.dane) object.emplace("dane", dane_json(*certificate.dane));
  if (certificate.dane_trouble) object.emplace("dane_trouble", trouble_json(*certificate.dane_trouble));
  if (certificate.star) object.emplace("star", star_json(*certificate.star));
  if (!certificate.deployments.empty()) {
    json::Object deployments;
    for (const auto& [target, deployment] : certificate.deployments)
      deployments.emplace(target, deployment_json(deployment));
    object.emplace("deployments", std::move(deployments));
  }
  return object;
}

std::optional<Certificate> certificate_from_json(const json::Value& value) {
  if (!is_known_form(value)) return std::nullopt;
  Certificate certificate;
  certificate.revision = static_cast<Revision>(std::max<std::int64_t>(value["revision"].integer_or(0), 0));
  if (const auto& order = value["order"]; !order.is_null()) certificate.order = order_from(order);
  if (const auto& orders = value["set_aside"]; !orders.is_null()) {
    std::vector<OpenOrder> kept;
    for (const auto& order : orders.elements()) kept.push_back(order_from(order));
    certificate.set_aside = std::move(kept);
  }
  for (const auto& txt : value["values"].elements()) certificate.values.push_back(txt_value_from(txt));
  for (const auto& record : value["persistent"].elements()) certificate.persistent.push_back(persistent_from(record));
  if (const auto& issued = value["issued"]; !issued.is_null()) certificate.issued = issued_from(issued);
  if (const auto& renewal = value["renewal"]; !renewal.is_null()) certificate.renewal = renewal_from(renewal);
  certificate.trouble = trouble_from(value["trouble"]);
  certificate.leftover = trouble_from(value["leftover"]);
  if (const auto& revocations = value["revocations"].elements(); !revocations.empty()) {
    std::vector<Revocation> all;
    for (const auto& revocation : revocations) all.push_back(revocation_from(revocation));
    certificate.revocations = std::move(all);
  }
  certificate.revoking = trouble_from(value["revoking"]);
  certificate.revocation_checked = time_of(value["revocation_checked"]);
  certificate.persisting = trouble_from(value["persisting"]);
  if (const auto& dane = value["dane"]; !dane.is_null()) certificate.dane = dane_from(dane);
  certificate.dane_trouble = trouble_from(value["dane_trouble"]);
  if (const auto& star = value["star"]; !star.is_null()) certificate.star = star_from(star);
  if (const auto* deployments = value["deployments"].as_object()) {
    for (const auto& [target, deployment] : *deployments)
      certificate.deployments.emplace(target, deployment_from(deployment));
  }
  return certificate;
}

json::Object to_json(const LedgerRecord& ledger) {
  json::Object object;
  for (const auto& [ca, record] : ledger) {
    json::Object own;
    if (record.pause.until != Time{}) {
      own.emplace("since", to_rfc3339(record.pause.since));
      own.emplace("until", to_rfc3339(record.pause.until));
    }
    json::Object limits;
    for (const auto& [key, use] : record.limits) {
      json::Object written;
      // To the second, later rather than sooner.
      if (use.full_at != Time{})
        written.emplace("full_at", to_rfc3339(to_time(std::chrono::ceil<std::chrono::seconds>(use.full_at))));
      if (use.said.until != Time{}) {
        written.emplace("said_since", to_rfc3339(use.said.since));
        written.emplace("said_until", to_rfc3339(use.said.until));
      }
      if (use.names) {
        written.emplace("names", to_array(use.names->first));
        written.emplace("name_count", static_cast<std::int64_t>(use.names->count));
      }
      limits.emplace(key, std::move(written));
    }
    if (!limits.empty()) own.emplace("limits", std::move(limits));
    object.emplace(ca, std::move(own));
  }
  return object;
}

LedgerRecord ledger_from_json(const json::Object& object) {
  LedgerRecord ledger;
  for (const auto& [ca, value] : object) {
    CaRecord record;
    const auto since = parse_rfc3339(value["since"].text_or());
    const auto until = parse_rfc3339(value["until"].text_or());
    if (since && until) record.pause = Pause{*since, *until};
    // acmed 0.1 stored only the end.
    if (const auto end = parse_rfc3339(value.text_or())) record.pause = Pause{Time{}, *end};
    if (const auto* limits = value["limits"].as_object()) {
      for (const auto& [key, written] : *limits) {
        if (record.limits.size() == most_limit_uses) break;
        LimitUse use{time_of(written["full_at"]), {time_of(written["said_since"]), time_of(written["said_until"])}};
        if (auto names = written["names"].texts(); !names.empty()) {
          use.names = NameSet{std::move(names), count_of(written["name_count"])};
        }
        record.limits.emplace(key, std::move(use));
      }
    }
    if (record.pause.until != Time{} || !record.limits.empty()) ledger.emplace(ca, std::move(record));
  }
  return ledger;
}

json::Object to_json(const std::vector<ToldTrouble>& told) {
  json::Array troubles;
  for (const auto& each : told) {
    troubles.emplace_back(json::Object{{"certificate", each.certificate},
                                       {"what", each.what},
                                       {"since", to_rfc3339(each.since)},
                                       {"sentence", each.sentence}});
  }
  return {{"version", format_version}, {"troubles", std::move(troubles)}};
}

std::vector<ToldTrouble> told_from_json(const json::Object& object) {
  std::vector<ToldTrouble> told;
  const auto troubles = object.find("troubles");
  if (troubles == object.end()) return told;
  for (const auto& each : troubles->second.elements()) {
    const auto since = parse_rfc3339(each["since"].text_or());
    if (!since) continue;
    told.push_back({each["certificate"].text_or(), each["what"].text_or(), *since, each["sentence"].text_or()});
  }
  return told;
}

}  // namespace acmed::store
