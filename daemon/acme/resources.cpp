// SPDX-License-Identifier: Apache-2.0
#include "daemon/acme/resources.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/ascii.h"
#include "base/error.h"
#include "base/foreign_text.h"
#include "base/http/url.h"
#include "daemon/acme/answer.h"

namespace acmed::acme {
namespace {

constexpr std::size_t longest_token = 512;
constexpr std::size_t longest_certificate_id = 200;
constexpr std::size_t longest_quote = 80;
// A copy of the directory is kept on disk, and the profiles' names are told.
constexpr std::size_t most_profiles = 50;
constexpr std::size_t longest_profile = 100;
constexpr std::size_t longest_description = 500;
// draft-ietf-acme-dns-persist: a challenge with none, or with more, is to be rejected.
constexpr std::size_t most_issuer_names = 10;
constexpr std::size_t longest_issuer_name = 253;
constexpr std::size_t longest_hash_prefix = 100;
/// What is longer cannot be reckoned with.
constexpr std::chrono::seconds longest_auto_renewal = std::chrono::hours(24 * 365 * 20);
/// How many authorizations an order may have that does not say for which names it is.
constexpr std::size_t most_unnamed = 100;

template <class Status, std::size_t count>
using StatusNames = std::array<std::pair<std::string_view, Status>, count>;

// RFC 8555 §7.1.6, RFC 8739 §3.1.2.
constexpr StatusNames<OrderStatus, 6> order_statuses = {{
    {"pending", OrderStatus::pending},
    {"ready", OrderStatus::ready},
    {"processing", OrderStatus::processing},
    {"valid", OrderStatus::valid},
    {"invalid", OrderStatus::invalid},
    {"canceled", OrderStatus::canceled},
}};
constexpr StatusNames<AuthorizationStatus, 7> authorization_statuses = {{
    {"pending", AuthorizationStatus::pending},
    {"processing", AuthorizationStatus::pending},  // of drafts before the RFC; some CAs still say so
    {"valid", AuthorizationStatus::valid},
    {"invalid", AuthorizationStatus::invalid},
    {"deactivated", AuthorizationStatus::deactivated},
    {"expired", AuthorizationStatus::expired},
    {"revoked", AuthorizationStatus::revoked},
}};

template <class Status, std::size_t count>
Status read_status(const StatusNames<Status, count>& names, const json::Value& resource, std::string_view what) {
  const auto status = resource["status"].text_or();
  const auto known = std::ranges::find(names, status, &std::pair<std::string_view, Status>::first);
  if (known != names.end()) return known->second;
  throw AnswerError(odd_answer,
                    fmt::format("the CA sent an {} with the status \"{}\"", what, one_line(status, longest_quote)),
                    http_ok);
}

std::optional<Problem> read_error(const json::Value& resource) {
  if (!resource["error"].as_object()) return std::nullopt;
  return Problem::from_json(resource["error"]);
}

/// Nothing without what RFC 8739 §3.2 requires.
std::optional<AutoRenewalOffer> read_offer(const json::Value& value) {
  const AutoRenewalOffer offer{std::chrono::seconds(value["min-lifetime"].integer_or(0)),
                               std::chrono::seconds(value["max-duration"].integer_or(0))};
  const bool is_usable = offer.min_lifetime.count() > 0 && offer.max_duration >= offer.min_lifetime &&
                         offer.max_duration <= longest_auto_renewal;
  return is_usable ? std::optional(offer) : std::nullopt;
}

/// Nothing for an order without it. Throws AnswerError when it does not say until when it renews, or how often.
std::optional<AutoRenewal> read_auto_renewal(const json::Value& value) {
  if (value.is_null()) return std::nullopt;
  const auto end = parse_rfc3339(value["end-date"].text_or());
  const auto lifetime = std::chrono::seconds(value["lifetime"].integer_or(0));
  if (!end || lifetime.count() <= 0 || lifetime > longest_auto_renewal) {
    throw AnswerError(odd_answer,
                      "the CA sent an order with an auto-renewal that has no usable end-date or no usable lifetime",
                      http_ok);
  }
  return AutoRenewal{*end, lifetime};
}

bool is_issuer_name(const std::string& name) {
  const auto is_of_host_name = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
  };
  return !name.empty() && name.size() <= longest_issuer_name && std::ranges::all_of(name, is_of_host_name);
}

/// The member has another name since draft -02. False when the names cannot be used.
bool read_issuer_names(const json::Value& value, Challenge& challenge) {
  challenge.names_account_by_digest = !value["issuerDomainNames"].is_null();
  challenge.issuer_names =
      value[challenge.names_account_by_digest ? "issuerDomainNames" : "issuer-domain-names"].texts();
  const auto count = challenge.issuer_names.size();
  return count > 0 && count <= most_issuer_names && std::ranges::all_of(challenge.issuer_names, is_issuer_name);
}

/// Nothing for an unusable challenge: one without a URL, or with a malformed token. Types that we do not know need no
/// token: some have none.
std::optional<Challenge> read_challenge(const json::Value& value, const std::string& base) {
  Challenge challenge;
  challenge.type = value["type"].text_or();
  challenge.url = http::resolved(base, value["url"].text_or());
  challenge.status = value["status"].text_or("pending");
  challenge.token = value["token"].text_or();
  challenge.error = read_error(value);
  if (challenge.type.empty() || challenge.url.empty()) return std::nullopt;
  // Other characters in a token could break out of the text that it is inserted into (§8.1).
  if (challenge.token.size() > longest_token || !is_base64url(challenge.token)) return std::nullopt;
  const bool needs_token = challenge.type == dns_01 || challenge.type == dns_account_01;
  if (needs_token && challenge.token.empty()) return std::nullopt;
  if (challenge.type == dns_persist_01 && !read_issuer_names(value, challenge)) return std::nullopt;
  return challenge;
}

}  // namespace

std::string_view to_text(OrderStatus status) {
  return std::ranges::find(order_statuses, status, &std::pair<std::string_view, OrderStatus>::second)->first;
}

Directory Directory::from_json(const json::Value& value, const std::string& base) {
  const auto scheme = base.substr(0, base.find(':'));
  const auto prefix = scheme + "://";
  const auto read_url = [&](std::string_view name) {
    auto url = http::resolved(base, value[name].text_or());
    if (url.starts_with(prefix)) return url;
    throw Error(Error::Advice::retry, "acme:directory",
                fmt::format("the CA's directory has {} for {}, and not an {} URL: look whether `directory` in the [ca] "
                            "section is that of an ACME server (RFC 8555)",
                            url.empty() ? "nothing" : "\"" + one_line(url, longest_quote) + "\"", name, scheme),
                std::nullopt, Party::ca);
  };
  const auto read_optional_url = [&](std::string_view name) {
    const auto url = http::resolved(base, value[name].text_or());
    return url.starts_with(prefix) ? url : std::string();
  };
  Directory directory;
  directory.new_nonce = read_url("newNonce");
  directory.new_account = read_url("newAccount");
  directory.new_order = read_url("newOrder");
  directory.revoke_certificate = read_optional_url("revokeCert");
  directory.key_change = read_optional_url("keyChange");
  directory.renewal_info = read_optional_url("renewalInfo");
  const json::Value& meta = value["meta"];
  directory.terms_of_service = one_line(meta["termsOfService"].text_or(), 500);
  directory.external_account_required = meta["externalAccountRequired"].bool_or(false);
  if (const auto* profiles = meta["profiles"].as_object()) {
    for (const auto& [name, description] : *profiles) {
      if (directory.profiles.size() == most_profiles) break;
      if (name.size() > longest_profile) continue;
      directory.profiles[name] = one_line(description.text_or(), longest_description);
    }
  }
  directory.account_hash_prefix = one_line(meta["accountHashPrefix"].text_or(), longest_hash_prefix);
  for (auto& name : meta["issuerDomainNames"].texts()) {
    if (directory.issuer_names.size() == most_issuer_names) break;
    if (is_issuer_name(name)) directory.issuer_names.push_back(std::move(name));
  }
  directory.delegation_enabled = meta["delegation-enabled"].bool_or(false);
  directory.auto_renewal = read_offer(meta["auto-renewal"]);
  return directory;
}

json::Value Directory::to_json() const {
  json::Object object{{"newNonce", new_nonce}, {"newAccount", new_account}, {"newOrder", new_order}};
  if (!revoke_certificate.empty()) object["revokeCert"] = revoke_certificate;
  if (!key_change.empty()) object["keyChange"] = key_change;
  if (!renewal_info.empty()) object["renewalInfo"] = renewal_info;
  json::Object meta;
  if (!terms_of_service.empty()) meta["termsOfService"] = terms_of_service;
  if (external_account_required) meta["externalAccountRequired"] = true;
  if (!profiles.empty()) {
    json::Object names;
    for (const auto& [name, description] : profiles) names[name] = description;
    meta["profiles"] = std::move(names);
  }
  if (!account_hash_prefix.empty()) meta["accountHashPrefix"] = account_hash_prefix;
  if (!issuer_names.empty()) meta["issuerDomainNames"] = json::Array(issuer_names.begin(), issuer_names.end());
  if (delegation_enabled) meta["delegation-enabled"] = true;
  if (auto_renewal) {
    meta["auto-renewal"] = json::Object{{"min-lifetime", std::int64_t{auto_renewal->min_lifetime.count()}},
                                        {"max-duration", std::int64_t{auto_renewal->max_duration.count()}}};
  }
  if (!meta.empty()) object["meta"] = std::move(meta);
  return object;
}

Order Order::from_json(const json::Value& value, std::string url) {
  Order order;
  order.url = std::move(url);
  order.status = read_status(order_statuses, value, "order");
  for (const auto& identifier : value["identifiers"].elements()) {
    if (identifier["type"].text_or() == "dns") order.identifiers.push_back(ascii_lower(identifier["value"].text_or()));
  }
  const auto references = value["authorizations"].texts();
  const auto identifiers = value["identifiers"].elements().size();
  if (references.size() > (identifiers == 0 ? most_unnamed : identifiers)) {
    throw AnswerError(
        odd_answer,
        fmt::format("the CA sent an order with {} authorizations for {} names", references.size(), identifiers),
        http_ok);
  }
  for (const auto& reference : references) order.authorizations.push_back(http::resolved(order.url, reference));
  order.finalize = http::resolved(order.url, value["finalize"].text_or());
  order.auto_renewal = read_auto_renewal(value["auto-renewal"]);
  const auto* named = order.auto_renewal ? "star-certificate" : "certificate";
  order.certificate = http::resolved(order.url, value[named].text_or());
  const auto& asked_of = order.auto_renewal ? value["auto-renewal"] : value;
  if (const auto* allowed = asked_of["allow-certificate-get"].as_bool()) order.allows_get = *allowed;
  order.error = read_error(value);
  order.expires = parse_rfc3339(value["expires"].text_or());
  order.replaces = one_line(value["replaces"].text_or(), longest_certificate_id);
  return order;
}

Authorization Authorization::from_json(const json::Value& value, std::string url) {
  Authorization authorization;
  authorization.url = std::move(url);
  authorization.status = read_status(authorization_statuses, value, "authorization");
  authorization.identifier = ascii_lower(value["identifier"]["value"].text_or());
  authorization.wildcard = value["wildcard"].bool_or(false);
  authorization.expires = parse_rfc3339(value["expires"].text_or());
  for (const auto& challenge : value["challenges"].elements()) {
    if (auto usable = read_challenge(challenge, authorization.url))
      authorization.challenges.push_back(*std::move(usable));
  }
  return authorization;
}

const Challenge* Authorization::challenge(std::string_view type) const {
  const auto found = std::ranges::find(challenges, type, &Challenge::type);
  return found == challenges.end() ? nullptr : &*found;
}

}  // namespace acmed::acme
