// SPDX-License-Identifier: Apache-2.0
#include "daemon/doctor/ca_examination.h"

#include <fmt/format.h>

#include "base/error.h"
#include "base/foreign_text.h"
#include "base/http/client.h"
#include "base/http_date.h"
#include "base/json.h"
#include "base/runtime/offload.h"
#include "config/suggest.h"
#include "daemon/acme/resources.h"
#include "daemon/known_account.h"

namespace acmed::doctor {
namespace {

using namespace std::chrono_literals;
using acmed::to_text;  // of a duration

constexpr Duration directory_limit = 15s;
/// Date has whole seconds, and was written some time ago.
constexpr Duration small_offset = 5s;
/// What a signed update may be off by (RFC 8945 §10).
constexpr Duration large_offset = 300s;
constexpr std::size_t longest_url = 200;
constexpr std::size_t most_profiles = 10;

Line clock_line(const std::string& ca, const http::Response& response, Time now) {
  const auto subject = "clock";
  const auto date = parse_http_date(response.header("date").value_or(""));
  if (!date) return {subject, Verdict::ok, fmt::format("CA {} does not tell the time", ca)};
  const Duration ahead = now - *date;
  const Duration offset = std::chrono::abs(ahead);
  if (offset <= small_offset) return {subject, Verdict::ok, fmt::format("agrees with that of CA {}", ca)};
  const auto sentence = fmt::format("this host's clock is {} {} that of CA {}", to_text(offset),
                                    ahead > Duration::zero() ? "ahead of" : "behind", ca);
  return {subject, offset > large_offset ? Verdict::wrong : Verdict::warning, sentence,
          "set it by NTP: timedatectl set-ntp true"};
}

void add_offers(const config::Ca& ca, std::vector<config::Profile> profiles, const acme::Directory& directory,
                std::vector<Line>* lines) {
  const auto subject = "CA " + ca.name;
  if (directory.external_account_required && !ca.external_account && !ca.brought_key) {
    lines->push_back({subject, Verdict::wrong, "it makes accounts only for those that have one with it already",
                      fmt::format("get a key identifier and key there, and set eab = {{ kid = \"...\", hmac_key = {{ "
                                  "file = \"...\" }} }} in [ca.{}]",
                                  ca.name)});
  }
  if (ca.profile) profiles.push_back({*ca.profile, ca.profile_required});
  std::vector<std::string> offered;
  for (const auto& [name, description] : directory.profiles) {
    if (offered.size() < most_profiles) offered.push_back(one_line(name, longest_url));
  }
  for (const auto& profile : profiles) {
    if (profile.name.empty() || directory.profiles.contains(profile.name)) continue;
    lines->push_back({subject, profile.required ? Verdict::wrong : Verdict::warning,
                      fmt::format("it offers no profile {}", profile.name),
                      offered.empty() ? "leave profile out: it has none"
                                      : fmt::format("profile = one of {}", config::listed(offered))});
  }
}

/// Blocks.
void add_remembered(const config::Ca& ca, const store::StateView& state, Time now, std::vector<Line>* lines) {
  const auto subject = "account " + ca.name;
  try {
    const auto account = state.account(account_identity_of(ca));
    if (account && !account->url.empty()) {
      lines->push_back({subject, Verdict::ok, "known: " + one_line(account->url, longest_url)});
    } else {
      lines->push_back({subject, Verdict::ok, "none yet: it is made with the first order"});
    }
    const auto ledger = state.ledger();
    const auto pause = ledger.find(ca.directory);
    if (pause != ledger.end() && pause->second.pause.until > now) {
      lines->push_back({"CA " + ca.name, Verdict::warning,
                        fmt::format("it asked to be left alone until {}", to_rfc3339(pause->second.pause.until)),
                        "nothing: acmed waits for it"});
    }
  } catch (const Error& error) {
    auto line = wrong(subject, error);
    line.verdict = Verdict::warning;
    lines->push_back(std::move(line));
  }
}

}  // namespace

Task<std::vector<Line>> examine_ca(Loop* loop, const config::Ca* ca, std::vector<config::Profile> profiles,
                                   store::StateView state) {
  const auto subject = "CA " + ca->name;
  std::vector<Line> lines;
  try {
    http::Settings settings;
    settings.extra_trust_pem = ca->trust_pem;
    http::Client client(*loop, settings);
    http::Request request{"GET", ca->directory, {}, {}, directory_limit};
    const auto response = co_await client.send(std::move(request));
    const auto body = json::parse(response.body);
    if (response.status != 200 || !body) {
      lines.push_back(
          {subject, Verdict::wrong,
           fmt::format("{} answers with status {}{}", ca->directory, response.status, body ? "" : " and no JSON"),
           fmt::format("directory in [ca.{}]", ca->name)});
    } else {
      const auto directory = acme::Directory::from_json(*body, ca->directory);
      lines.push_back(
          {subject, Verdict::ok, fmt::format("{} answers within {}", ca->directory, to_text(response.elapsed))});
      add_offers(*ca, profiles, directory, &lines);
      lines.push_back(clock_line(ca->name, response, loop->clock().now()));
    }
  } catch (const Error& error) {
    lines.push_back(wrong(subject, error));
  }
  auto remembered = co_await offload([ca, state, now = loop->clock().now()] {
    std::vector<Line> found;
    add_remembered(*ca, state, now, &found);
    return found;
  });
  lines.insert(lines.end(), std::make_move_iterator(remembered.begin()), std::make_move_iterator(remembered.end()));
  co_return lines;
}

}  // namespace acmed::doctor
