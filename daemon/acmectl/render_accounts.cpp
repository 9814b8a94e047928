// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "daemon/acmectl/render.h"

namespace acmed::acmectl {
namespace {

constexpr std::size_t most_name_columns = 24;

std::string state_of(const json::Value& account) {
  if (const auto since = parse_rfc3339(account["deactivated"].text_or())) return "deactivated " + local_time(*since);
  if (account["url"].is_null()) return "not registered yet";
  const auto since = parse_rfc3339(account["registered"].text_or());
  return since ? "since " + local_time(*since) : "registered";
}

/// What tells it apart, and what the CA knows of it.
std::string details_of(const json::Value& account) {
  auto text = clean(account["key_type"].text_or()) + ", " + state_of(account);
  if (const auto label = clean(account["account"].text_or()); !label.empty()) text += ", account \"" + label + "\"";
  if (const auto bound = clean(account["external_account"].text_or()); !bound.empty()) text += ", eab " + bound;
  for (const auto& contact : account["contact"].texts()) text += ", " + clean(contact);
  return text;
}

/// "exactly example.com, *.example.com and 8 more names".
std::string same_names(const json::Value& limit) {
  std::string text;
  const auto told = limit["names"].texts();
  for (const auto& name : told) text += (text.empty() ? "" : ", ") + clean(name);
  if (text.empty()) return "the same names";
  const auto more = limit["name_count"].integer_or(0) - static_cast<std::int64_t>(told.size());
  if (more > 0) text += fmt::format(" and {} more name{}", more, more == 1 ? "" : "s");
  return "exactly " + text;
}

/// "12 of 300 orders in 3h", "3 of 50 certificates for names of example.com in 7d"; only those that are in use.
std::string limits_of(const json::Value& account) {
  std::string text;
  for (const auto& limit : account["limits"].elements()) {
    const auto kind = limit["limit"].text_or();
    const auto subject = clean(limit["subject"].text_or());
    auto what = kind == "orders"       ? std::string("orders")
                : kind == "same_names" ? "certificates for " + same_names(limit)
                : kind == "domain"     ? "certificates for names of " + subject
                                       : "failed validations of " + subject;
    std::string one;
    if (!limit["most"].is_null()) {
      one = fmt::format("{} of {} {} in {}", limit["used"].integer_or(0), limit["most"].integer_or(0), what,
                        to_text(Duration(std::chrono::seconds(limit["window"].integer_or(0)))));
    }
    if (const auto until = parse_rfc3339(limit["refused_until"].text_or())) {
      if (one.empty()) one = what;
      one += fmt::format(" (the CA allows no more until {})", local_time(*until));
    }
    text += (text.empty() ? "used: " : ", ") + one;
  }
  return text;
}

}  // namespace

std::string render_accounts(const json::Array& accounts, const Style& style) {
  std::size_t columns = 0;
  for (const auto& account : accounts) columns = std::max(columns, columns_of(clean(account["ca"].text_or())));
  columns = std::min(columns, most_name_columns) + 2;
  std::string text;
  for (const auto& account : accounts) {
    const auto name = clean(account["ca"].text_or());
    const auto url = clean(account["url"].text_or(account["directory"].text_or()));
    text += padded(name, columns);
    // A long name has a line of its own.
    if (columns_of(name) + 2 > columns) text += "\n" + std::string(columns, ' ');
    text += wrapped(url, style.columns, columns) + "\n" + std::string(columns, ' ');
    text += wrapped(details_of(account), style.columns, columns) + "\n";
    if (const auto limits = limits_of(account); !limits.empty()) {
      text += std::string(columns, ' ') + wrapped(limits, style.columns, columns) + "\n";
    }
  }
  return text.empty() ? "no CA is configured\n" : text;
}

}  // namespace acmed::acmectl
