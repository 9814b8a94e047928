// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "daemon/acmectl/render.h"

namespace acmed::acmectl {
namespace {

constexpr std::size_t label_columns = 10;

class Sheet {
 public:
  explicit Sheet(const Style& style) : style_(style) {}

  /// A line under `label`; nothing when there is nothing to say.
  void add(const std::string& label, const std::string& words) {
    if (words.empty()) return;
    text_ += padded(label, label_columns) + wrapped(words, style_.columns, label_columns) + "\n";
  }
  std::string text() const { return text_; }

 private:
  const Style& style_;
  std::string text_;
};

std::string said_of(const json::Value& trouble, Time now, std::string_view target = {}) {
  auto text = said_of_target(trouble["sentence"].text_or(), target);
  if (text.empty()) return text;
  std::vector<std::string> parts;
  if (const auto cause = clean(trouble["cause"].text_or()); !cause.empty()) parts.push_back(cause);
  if (const auto since = parse_rfc3339(trouble["since"].text_or())) parts.push_back("since " + local_time(*since));
  if (const auto failures = trouble["failures"].integer_or(0); failures > 0) {
    parts.push_back(fmt::format("{} {}", failures, failures == 1 ? "try" : "tries"));
  }
  if (const auto next = parse_rfc3339(trouble["next_try"].text_or())) parts.push_back("next " + relative(*next, now));
  return parts.empty() ? text : fmt::format("{} ({})", text, fmt::join(parts, ", "));
}

/// "revoked since 2027-01-06 13:02 (superseded)"; empty when it is not.
std::string revoked_text(const json::Value& revoked) {
  const auto at = parse_rfc3339(revoked["at"].text_or());
  if (!at) return {};
  return fmt::format("revoked{} since {} ({})", revoked["by_ca"].bool_or(false) ? " by its CA" : "", local_time(*at),
                     clean(revoked["reason"].text_or()));
}

std::string live_text(const json::Value& live, Time now) {
  if (live.as_object() == nullptr) return "none";
  auto text =
      fmt::format("generation {}, serial {}", live["generation"].integer_or(0), clean(live["serial"].text_or()));
  if (const auto issuer = clean(live["issuer"].text_or()); !issuer.empty()) text += ", by " + issuer;
  const auto begin = parse_rfc3339(live["not_before"].text_or());
  const auto end = parse_rfc3339(live["not_after"].text_or());
  if (begin) text += ", from " + local_time(*begin);
  if (end) {
    text += fmt::format(" to {}, {}", local_time(*end),
                        *end > now ? to_text(*end - now) + " left" : "ended " + relative(*end, now));
  }
  if (const auto revoked = revoked_text(live["revoked"]); !revoked.empty()) text += ", " + revoked;
  return text;
}

/// "by the CA from 2027-01-06 13:02 to 2027-01-08 13:02: URL"; empty when it suggests nothing.
std::string window_text(const json::Value& window) {
  const auto start = parse_rfc3339(window["start"].text_or());
  const auto end = parse_rfc3339(window["end"].text_or());
  if (!start || !end) return {};
  auto text = fmt::format("by the CA from {} to {}", local_time(*start), local_time(*end));
  if (const auto why = clean(window["explanation_url"].text_or()); !why.empty()) text += ": " + why;
  return text;
}

}  // namespace

std::string render_certificate(const json::Value& certificate, Time now, const Style& style) {
  const auto state = clean(certificate["state"].text_or());
  const auto colour = is_failing(certificate) ? Colour::red : state == "valid" ? Colour::green : Colour::yellow;
  Sheet sheet(style);
  std::vector<std::string> domains;
  for (const auto& domain : certificate["domains"].texts()) domains.push_back(clean(domain));
  sheet.add("names", fmt::format("{}", fmt::join(domains, ", ")));
  sheet.add("CA", clean(certificate["ca"].text_or()));
  sheet.add("key", clean(certificate["key_type"].text_or()));
  sheet.add("live", live_text(certificate["live"], now));
  for (const auto& generation : certificate["generations"].elements()) {
    const auto revoked = revoked_text(generation["revoked"]);
    const auto number = generation["generation"].integer_or(0);
    if (revoked.empty() || number == certificate["live"]["generation"].integer_or(0)) continue;
    sheet.add("earlier",
              fmt::format("generation {}, serial {}, {}", number, clean(generation["serial"].text_or()), revoked));
  }
  sheet.add("files", clean(certificate["live"]["directory"].text_or()));
  const auto& next = certificate["next"];
  if (const auto at = parse_rfc3339(next["at"].text_or())) {
    auto text = fmt::format("{} {} ({})", clean(next["what"].text_or("renewal")), relative(*at, now), local_time(*at));
    if (const auto because = clean(next["because"].text_or()); !because.empty()) text += ": " + because;
    sheet.add("next", text);
  }
  sheet.add("suggested", window_text(certificate["suggested_window"]));
  sheet.add("trouble", said_of(certificate["trouble"], now));
  for (const auto& target : certificate["targets"].elements()) {
    const auto generation = target["generation"].integer_or(0);
    auto text = fmt::format("{}: {}{}", clean(target["name"].text_or()),
                            generation > 0 ? fmt::format("generation {}", generation) : std::string("nothing yet"),
                            target["in_step"].bool_or(true) ? "" : ", out of step");
    const auto trouble = said_of(target["trouble"], now, target["name"].text_or());
    if (!trouble.empty()) text += ": " + trouble;
    sheet.add("target", text);
  }
  const auto& work = certificate["work"];
  if (const auto step = clean(work["step"].text_or()); !step.empty()) {
    const auto since = parse_rfc3339(work["since"].text_or());
    sheet.add("work", step + (since ? " for " + to_text(now - *since) : ""));
  }
  for (const auto& server : work["servers"].elements()) {
    const auto said_since = parse_rfc3339(server["since"].text_or());
    sheet.add("", fmt::format("{}: {}{}", clean(server["server"].text_or()), clean(server["says"].text_or()),
                              said_since ? " for " + to_text(now - *said_since) : ""));
  }
  return clean(certificate["name"].text_or()) + "  " + coloured(state, colour, style) + "\n" + sheet.text();
}

}  // namespace acmed::acmectl
