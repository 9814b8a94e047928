// SPDX-License-Identifier: Apache-2.0
#include "daemon/caa_check.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/ascii.h"
#include "base/http/client.h"
#include "base/json.h"
#include "daemon/ask_resolvers.h"
#include "dns/wire.h"

namespace acmed {
namespace {

using Verdict = Finding::Verdict;

constexpr std::size_t most_identities = 16;
constexpr std::size_t longest_identity = 253;
constexpr std::uint16_t caa_type = 257;
constexpr Duration directory_limit = std::chrono::seconds(10);

/// One issue or issuewild property (RFC 8659 §4).
struct Caa {
  std::string tag;
  std::string issuer;      ///< empty: nobody
  std::string parameters;  ///< what follows the issuer
};

std::string trimmed(const std::string& text) {
  const auto begin = text.find_first_not_of(" \t");
  if (begin == std::string::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

Caa caa_from(std::string_view data) {
  Caa caa;
  if (data.size() < 2) return caa;
  const auto tag_size = static_cast<unsigned char>(data[1]);
  caa.tag = ascii_lower(std::string(data.substr(2, tag_size)));
  const auto value = data.size() > 2U + tag_size ? std::string(data.substr(2U + tag_size)) : std::string();
  const auto semicolon = value.find(';');
  caa.issuer = ascii_lower(trimmed(value.substr(0, semicolon)));
  if (semicolon != std::string::npos) caa.parameters = ascii_lower(trimmed(value.substr(semicolon + 1)));
  return caa;
}

/// dns::parse_message does not read the data of CAA records.
std::vector<Caa> caa_records_in(std::string_view wire) {
  std::vector<Caa> records;
  dns::WireReader reader(wire);
  reader.octets(4);
  const auto questions = reader.u16();
  const auto answers = reader.u16();
  reader.octets(4);
  for (unsigned i = 0; i < questions; ++i) {
    reader.skip_name();
    reader.octets(4);
  }
  for (unsigned i = 0; i < answers; ++i) {
    reader.skip_name();
    const auto type = reader.u16();
    reader.octets(6);
    const auto data = reader.octets(reader.u16());
    if (type == caa_type) records.push_back(caa_from(data));
  }
  return records;
}

/// What restricts who may issue for a name.
struct CaaSet {
  std::string told;  ///< all of it, in words
  std::string tag;
  std::string at;
  std::vector<Caa> records;  ///< with that tag
};

/// Whether CA `ca`, which is called `own` there, may issue by dns-01.
void judge(const std::string& ca, const std::vector<std::string>& own, const CaaSet& caa, NameFindings* findings) {
  if (own.empty()) {
    add(findings, Verdict::warning,
        fmt::format("{}; CA {} does not tell how it is called there (caaIdentities)", caa.told, ca), "CAA");
    return;
  }
  const auto match = std::ranges::find_if(
      caa.records, [&own](const Caa& record) { return std::ranges::find(own, record.issuer) != own.end(); });
  if (match == caa.records.end()) {
    add(findings, Verdict::wrong,
        fmt::format("{}, not CA {}: add {} \"{}\" to the CAA records of {}", caa.told, ca, caa.tag, own.front(),
                    caa.at),
        "CAA");
    return;
  }
  const auto methods = match->parameters.find("validationmethods");
  const bool excludes_dns =
      methods != std::string::npos && match->parameters.find("dns-01", methods) == std::string::npos;
  if (excludes_dns) {
    add(findings, Verdict::wrong, fmt::format("{}, but not by dns-01 (validationmethods, RFC 8657)", caa.told), "CAA");
  } else {
    add(findings, Verdict::ok, caa.told, "CAA");
  }
}

}  // namespace

CaaCheck::CaaCheck(Loop& loop, const config::Config& config, const dns::Discovery& discovery)
    : loop_(loop), config_(config), discovery_(discovery) {}

Task<> CaaCheck::examine(const config::Certificate* certificate, NameFindings* findings) {
  const bool is_wildcard = findings->domain.starts_with("*.");
  const dns::Name domain(findings->domain.substr(is_wildcard ? 2 : 0));
  std::vector<Caa> records;
  auto at = domain;
  for (; !at.is_root(); at = at.parent()) {  // RFC 8659 §3
    const auto reply = co_await ask_resolvers(discovery_.resolvers(), {at, dns::Type{caa_type}});
    if (!reply) {
      add(findings, Verdict::warning,
          fmt::format("the CAA records of {} cannot be looked up: a CA issues nothing until they can", at.text()),
          "CAA");
      co_return;
    }
    records = caa_records_in(reply->wire);
    if (!records.empty()) break;
  }
  const auto has = [&records](const char* tag) {
    return std::ranges::any_of(records, [tag](const Caa& caa) { return caa.tag == tag; });
  };
  const std::string tag = is_wildcard && has("issuewild") ? "issuewild" : "issue";
  std::erase_if(records, [&tag](const Caa& caa) { return caa.tag != tag; });
  if (records.empty()) {
    add(findings, Verdict::ok, fmt::format("no CAA record restricts who may issue for {}", findings->domain), "CAA");
    co_return;
  }
  std::vector<std::string> allowed;
  for (const auto& caa : records) allowed.push_back(caa.issuer.empty() ? "nobody" : caa.issuer);
  const auto told = fmt::format("CAA ({}) at {} admits {}", tag, at.text(), fmt::join(allowed, ", "));
  auto cas = certificate->fallback_cas;
  cas.insert(cas.begin(), certificate->ca);
  for (const auto& ca : cas) {
    const auto own = co_await identities(ca);
    judge(ca, own, {told, tag, at.text(), records}, findings);
  }
}

/// How the CA is called in CAA records: caaIdentities of its directory (RFC 8555 §7.1.1); none when it does not tell.
Task<std::vector<std::string>> CaaCheck::identities(std::string ca) {
  const auto known = identities_.find(ca);
  if (known != identities_.end()) co_return known->second;
  std::vector<std::string> found;
  try {
    const auto& settings = config_.cas.at(ca);
    http::Settings of_client;
    of_client.extra_trust_pem = settings.trust_pem;
    http::Client client(loop_, of_client);
    http::Request request{"GET", settings.directory, {}, {}, directory_limit};
    const auto response = co_await client.send(std::move(request));
    const auto directory = json::parse(response.body);
    if (directory) {
      const auto* list = (*directory)["meta"]["caaIdentities"].as_array();
      for (std::size_t i = 0; list != nullptr && i < std::min(list->size(), most_identities); ++i) {
        const auto identity = (*list)[i].text_or();
        if (!identity.empty() && identity.size() <= longest_identity) found.push_back(ascii_lower(identity));
      }
    }
  } catch (const Error&) {
    // Not told.
  }
  identities_[ca] = found;
  co_return found;
}

}  // namespace acmed
