// SPDX-License-Identifier: Apache-2.0
#include "daemon/notify/message.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/json.h"
#include "base/party.h"

namespace acmed::notify {
namespace {

constexpr std::size_t most_items = 100;

std::string_view to_text(Event event) {
  switch (event) {
    case Event::failing:
      return "failing";
    case Event::revoked:
      return "revoked";
    case Event::ending:
      return "ending";
    case Event::recovered:
      return "recovered";
    case Event::renewed:
      break;
  }
  return "renewed";
}

/// "fails", "fail".
std::string predicate(Event event, bool is_one) {
  switch (event) {
    case Event::failing:
      return is_one ? "fails" : "fail";
    case Event::revoked:
      return is_one ? "was revoked by its CA" : "were revoked by their CA";
    case Event::ending:
      return is_one ? "ends soon" : "end soon";
    case Event::recovered:
      return is_one ? "is well again" : "are well again";
    case Event::renewed:
      break;
  }
  return is_one ? "is renewed" : "are renewed";
}

std::string line_of(Event event, const Item& item, Time now) {
  const auto& trouble = item.trouble;
  switch (event) {
    case Event::failing:
      return fmt::format("{} ({}): {} (since {}, failed {}, next try {})", item.certificate, trouble.what,
                         trouble.sentence, to_rfc3339(trouble.since),
                         trouble.failures == 1 ? "once" : fmt::format("{} times", trouble.failures),
                         to_rfc3339(trouble.next_try));
    case Event::revoked:
      return fmt::format("{}: {}", item.certificate, trouble.sentence);
    case Event::ending: {
      const auto end = item.not_after.value_or(now);
      const auto when = end > now ? fmt::format("ends in {}, at {}", acmed::to_text(end - now), to_rfc3339(end))
                                  : fmt::format("has ended at {}", to_rfc3339(end));
      return fmt::format("{} {} and is not renewed{}{}", item.certificate, when, trouble.sentence.empty() ? "" : ": ",
                         trouble.sentence);
    }
    case Event::recovered:
      return fmt::format("{} ({}): over; since {} it had been: {}", item.certificate, trouble.what,
                         to_rfc3339(trouble.since), trouble.sentence);
    case Event::renewed:
      break;
  }
  return fmt::format("{}: valid until {}", item.certificate, to_rfc3339(item.not_after.value_or(now)));
}

json::Object json_of(Event event, const Item& item) {
  json::Object object{{"name", item.certificate}};
  if (item.not_after) object.emplace("not_after", to_rfc3339(*item.not_after));
  if (event == Event::renewed) return object;
  const auto& trouble = item.trouble;
  object.emplace("what", trouble.what);
  object.emplace("sentence", trouble.sentence);
  object.emplace("since", to_rfc3339(trouble.since));
  if (event == Event::recovered) return object;
  if (!trouble.cause.empty()) object.emplace("cause", trouble.cause);
  if (trouble.party) object.emplace("party", acmed::to_text(*trouble.party));
  if (trouble.failures > 0) object.emplace("failures", static_cast<std::int64_t>(trouble.failures));
  if (trouble.next_try != Time{}) object.emplace("next_try", to_rfc3339(trouble.next_try));
  return object;
}

/// Each once, in their order.
std::vector<std::string> names_of(const std::vector<Item>& items) {
  std::vector<std::string> names;
  for (const auto& item : items) {
    if (std::ranges::find(names, item.certificate) == names.end()) names.push_back(item.certificate);
  }
  return names;
}

}  // namespace

Message message_for(Event event, const std::vector<Item>& items, std::string_view host, Time now) {
  const std::vector<Item> told(items.begin(),
                               items.begin() + static_cast<std::ptrdiff_t>(std::min(items.size(), most_items)));
  const auto others = items.size() - told.size();
  const auto names = names_of(told);
  const bool is_one = names.size() == 1 && others == 0;
  const auto who = is_one ? names.front() : fmt::format("{} certificates", names.size() + others);
  const auto subject = fmt::format("acmed on {}: {} {}", host, who, predicate(event, is_one));
  std::string text;
  json::Array certificates;
  for (const auto& item : told) {
    text += line_of(event, item, now) + "\n";
    certificates.emplace_back(json_of(event, item));
  }
  if (others > 0) text += fmt::format("and {} more: acmectl status shows them\n", others);

  Message message;
  message.environment = {fmt::format("ACMED_EVENT={}", to_text(event)), fmt::format("ACMED_HOST={}", host),
                         fmt::format("ACMED_CERTIFICATES={}", fmt::join(names, " ")), "ACMED_SUBJECT=" + subject,
                         "ACMED_TEXT=" + text};
  message.json = json::dump(json::Object{{"event", to_text(event)},
                                         {"host", host},
                                         {"subject", subject},
                                         {"text", text},
                                         {"certificates", std::move(certificates)},
                                         {"others", static_cast<std::int64_t>(others)}});
  return message;
}

}  // namespace acmed::notify
