// SPDX-License-Identifier: Apache-2.0
#include "daemon/issue/persistence.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/ascii.h"
#include "base/crypto/digest.h"
#include "base/crypto/encoding.h"
#include "base/error.h"
#include "base/foreign_text.h"

namespace acmed::issue {
namespace {

constexpr std::size_t longest_value = 255;  // of one string of a TXT record
constexpr std::size_t longest_quote = 100;
/// The CA may take its time to look.
constexpr Duration shortest_use = std::chrono::hours(1);
constexpr std::uint64_t spread = 3600;  // in seconds

constexpr std::string_view account_tag = "accounturi=";
constexpr std::string_view wildcard_policy = "policy=wildcard";
constexpr std::string_view until_tag = "persistUntil=";
constexpr std::string_view separator = "; ";

/// RFC 8659 §4.2: printable, without blanks and semicolons.
bool is_parameter(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c > 0x20 && c < 0x7f && c != ';'; });
}

/// Domain names, whatever their case.
bool is_among(const std::vector<std::string>& names, const std::string& name) {
  return std::ranges::any_of(names, [&name](const auto& each) { return ascii_lower(each) == ascii_lower(name); });
}

}  // namespace

std::string Persistence::value() const {
  auto text = fmt::format("{}{}{}{}", issuer, separator, account_tag, account_uri);
  if (wildcard) text += fmt::format("{}{}", separator, wildcard_policy);
  if (until) {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(until->time_since_epoch()).count();
    text += fmt::format("{}{}{}", separator, until_tag, seconds);
  }
  return text;
}

std::optional<Persistence> Persistence::parse(std::string_view value) {
  Persistence persistence;
  bool is_first = true;
  for (auto rest = value; !rest.empty(); is_first = false) {
    const auto part = rest.substr(0, rest.find(separator));
    rest.remove_prefix(std::min(rest.size(), part.size() + separator.size()));
    if (is_first) {
      persistence.issuer = part;
    } else if (part.starts_with(account_tag)) {
      persistence.account_uri = part.substr(account_tag.size());
    } else if (part == wildcard_policy) {
      persistence.wildcard = true;
    } else if (part.starts_with(until_tag)) {
      std::int64_t seconds = 0;
      const auto number = part.substr(until_tag.size());
      std::from_chars(number.data(), number.data() + number.size(), seconds);
      persistence.until = to_time(std::chrono::sys_seconds(std::chrono::seconds(seconds)));
    }
  }
  if (persistence.account_uri.empty() || persistence.value() != value) return std::nullopt;
  return persistence;
}

std::string account_uri(const acme::Challenge& challenge, const Prover& prover, const std::string& domain) {
  if (!challenge.names_account_by_digest) return prover.account_url;
  if (prover.account_hash_prefix.empty()) {
    throw Error(Error::Advice::retry, "acme:persist",
                "the CA's challenges want the account's digest, but its directory does not say what that begins with "
                "(accountHashPrefix): set challenge = \"dns-01\" until it does",
                std::nullopt, Party::ca);
  }
  std::string text(1, static_cast<char>(domain.size()));
  text += domain + prover.thumbprint + prover.account_url;
  return fmt::format("{}sha-256/{}", prover.account_hash_prefix, crypto::base64url(crypto::sha256(text)));
}

Persistence wanted_persistence(const acme::Challenge& challenge, const Prover& prover, const std::string& domain,
                               bool wildcard, std::optional<Time> until) {
  const auto& names = challenge.issuer_names;
  const auto missing = std::ranges::find_if_not(prover.issuer_names,
                                                [&names](const std::string& name) { return is_among(names, name); });
  if (missing != prover.issuer_names.end()) {
    throw Error(Error::Advice::retry, "acme:persist",
                fmt::format("the CA's challenge does not name the issuer {}, by which its directory calls it: set "
                            "challenge = \"dns-01\" until the two agree",
                            *missing),
                std::nullopt, Party::ca);
  }
  Persistence wanted{challenge.issuer_names.front(), account_uri(challenge, prover, domain), wildcard, until};
  if (!is_parameter(wanted.account_uri) || wanted.value().size() > longest_value) {
    throw Error(Error::Advice::refused, "acme:persist",
                fmt::format("the account {} cannot be named in a TXT record, which is of at most {} printable "
                            "characters: set challenge = \"dns-01\"",
                            one_line(wanted.account_uri, longest_quote), longest_value),
                std::nullopt, Party::ca);
  }
  return wanted;
}

std::optional<std::string> standing_value(const std::vector<store::PersistentRecord>& records,
                                          const std::string& directory_url, const std::string& domain,
                                          const Persistence& wanted, const std::vector<std::string>& issuer_names,
                                          Time now) {
  std::optional<std::string> found;
  std::optional<Time> latest;
  for (const auto& record : records) {
    if (record.directory_url != directory_url || record.domain != domain) continue;
    const auto said = Persistence::parse(record.txt.value);
    const bool answers = said && is_among(issuer_names, said->issuer) && said->account_uri == wanted.account_uri &&
                         said->wildcard == wanted.wildcard;
    if (!answers || (said->until && *said->until < now + shortest_use)) continue;
    const auto until = said->until.value_or(Time::max());
    if (latest && until <= *latest) continue;
    latest = until;
    found = record.txt.value;
  }
  return found;
}

std::optional<Time> persist_until(std::optional<Duration> persist_for, const std::string& certificate, Time now) {
  if (!persist_for) return std::nullopt;
  const auto digest = crypto::sha256(certificate);
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < 4; ++i) number = number << 8 | static_cast<unsigned char>(digest[i]);
  const Time until = now + *persist_for + std::chrono::seconds(number % spread);
  return std::chrono::floor<std::chrono::seconds>(until);
}

void take_place_of_record(store::Certificate& state, const std::string& domain, const std::string& directory_url,
                          std::optional<store::TxtValue> txt) {
  const auto is_its = [&](const store::PersistentRecord& record) {
    return record.domain == domain && record.directory_url == directory_url;
  };
  const auto is_same = [&](const store::PersistentRecord& record) {
    return txt && record.txt.name == txt->name && record.txt.value == txt->value;
  };
  // The same value may be another provider's by now.
  std::erase_if(state.persistent, [&](const auto& record) { return is_its(record) && is_same(record); });
  let_go(state, is_its);
  if (txt) state.persistent.push_back({*std::move(txt), domain, directory_url});
}

void let_go(store::Certificate& state, const std::function<bool(const store::PersistentRecord&)>& unwanted) {
  for (const auto& record : state.persistent) {
    if (unwanted(record)) state.values.push_back(record.txt);
  }
  std::erase_if(state.persistent, unwanted);
}

}  // namespace acmed::issue
