// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <map>

#include "daemon/acmectl/render.h"

namespace acmed::acmectl {
namespace {

constexpr std::size_t gap = 2;
constexpr std::size_t bar_cells = 10;
constexpr std::size_t short_bar_cells = 5;
constexpr std::size_t most_name_columns = 40;
constexpr std::size_t least_name_columns = 12;
constexpr std::size_t least_ca_columns = 8;

/// The worst first.
constexpr auto states =
    std::to_array<std::string_view>({"expired", "failing", "missing", "waiting", "working", "due", "valid"});

std::size_t rank_of(std::string_view state) {
  return static_cast<std::size_t>(std::ranges::find(states, state) - states.begin());
}

Colour colour_of(std::string_view state) {
  if (state == "expired" || state == "failing") return Colour::red;
  if (state == "valid") return Colour::green;
  return Colour::yellow;
}

std::optional<Time> time_in(const json::Value& value) {
  return parse_rfc3339(value.text_or());
}

/// What of a row fits the terminal, step by step less of it.
struct Layout {
  bool date = true;  ///< of the end, besides what is left
  std::size_t bar = bar_cells;
  bool target_names = true;  ///< otherwise how many
};

struct Row {
  std::string name;
  std::string state;
  std::string left;
  std::string renews;
  std::string ca;
  std::string targets;
};

std::string left_of(const json::Value& live, Time now, const Layout& layout, const Style& style) {
  const auto begin = time_in(live["not_before"]);
  const auto end = time_in(live["not_after"]);
  if (!end) return "–";
  const auto life = begin ? *end - *begin : Duration::zero();
  const auto left = *end - now;
  const double fraction = life > Duration::zero() && left > Duration::zero()
                              ? static_cast<double>(left.count()) / static_cast<double>(life.count())
                              : 0.0;
  std::string text = layout.bar == 0 ? "" : bar(fraction, layout.bar, style) + " ";
  text += left > Duration::zero() ? fmt::format("{:>6}", to_text(left)) : " ended";
  if (layout.date) text += fmt::format("  {:>6}", day_of(*end, now));
  return text;
}

std::string renewal_of(const json::Value& certificate, Time now) {
  if (certificate["state"].text_or() == "working") return "now";
  const auto at = time_in(certificate["next"]["at"]);
  if (!at) return "–";
  return *at > now ? "in " + to_text(*at - now) : "overdue " + to_text(now - *at);
}

std::string targets_of(const json::Value& certificate, const Layout& layout) {
  std::vector<std::string> names;
  std::size_t behind = 0;
  for (const auto& target : certificate["targets"].elements()) {
    const bool in_step = target["in_step"].bool_or(true);
    if (!in_step) ++behind;
    names.push_back(clean(target["name"].text_or()) + (in_step ? "" : "!"));
  }
  if (names.empty()) return "–";
  if (layout.target_names) return fmt::format("{}", fmt::join(names, " "));
  return behind == 0 ? fmt::format("{}", names.size()) : fmt::format("{}/{}!", names.size() - behind, names.size());
}

Row row_of(const json::Value& certificate, Time now, const Layout& layout, const Style& style) {
  return {clean(certificate["name"].text_or()),
          clean(certificate["state"].text_or()),
          left_of(certificate["live"], now, layout, style),
          renewal_of(certificate, now),
          clean(certificate["ca"].text_or()),
          targets_of(certificate, layout)};
}

struct Widths {
  std::size_t name = 0, state = 0, left = 0, renews = 0, ca = 0, targets = 0;
  std::size_t total() const { return name + state + left + renews + ca + targets + 5 * gap; }
};

Widths widths_of(const std::vector<Row>& rows) {
  Widths widths;
  for (const auto& row : rows) {
    widths.name = std::max(widths.name, columns_of(row.name));
    widths.state = std::max(widths.state, columns_of(row.state));
    widths.left = std::max(widths.left, columns_of(row.left));
    widths.renews = std::max(widths.renews, columns_of(row.renews));
    widths.ca = std::max(widths.ca, columns_of(row.ca));
    widths.targets = std::max(widths.targets, columns_of(row.targets));
  }
  widths.name = std::min(widths.name, most_name_columns);
  return widths;
}

std::string line_of(const Row& row, const Widths& widths, Colour colour, const Style& style) {
  const std::string between(gap, ' ');
  auto line = padded(shortened(row.name, widths.name), widths.name) + between;
  line += coloured(padded(row.state, widths.state), colour, style) + between;
  line += padded(row.left, widths.left) + between + padded(row.renews, widths.renews) + between;
  line += padded(shortened(row.ca, widths.ca), widths.ca) + between + shortened(row.targets, widths.targets);
  return line + "\n";
}

/// "since 3 d (try 4, next in 22 min)"
std::string when_of(const json::Value& trouble, Time now) {
  std::vector<std::string> parts;
  const auto failures = trouble["failures"].integer_or(0);
  if (failures > 0) parts.push_back(fmt::format("try {}", failures));
  if (const auto next = time_in(trouble["next_try"])) parts.push_back("next " + relative(*next, now));
  return parts.empty() ? "" : fmt::format("  ({})", fmt::join(parts, ", "));
}

/// " for 12 s": for how long a name server has said the same.
std::string how_long(const json::Value& server, Time now) {
  if (const auto since = time_in(server["since"]))
    return " for " + to_text(std::max<Duration>(now - *since, Duration()));
  const auto words = clean(server["for"].text_or());
  return words.empty() ? words : " for " + words;
}

/// What a row alone does not tell: why it fails, what it waits for.
std::vector<std::string> remarks_on(const json::Value& certificate, Time now) {
  std::vector<std::string> remarks;
  const auto add = [&](const std::string& what, const json::Value& trouble) {
    const auto sentence = said_of_target(trouble["sentence"].text_or(), what);
    if (sentence.empty()) return;
    const auto remark = (what.empty() ? "" : what + ": ") + sentence + when_of(trouble, now);
    if (std::ranges::find(remarks, remark) == remarks.end()) remarks.push_back(remark);
  };
  bool of_target = false;
  for (const auto& target : certificate["targets"].elements()) {
    add(clean(target["name"].text_or()), target["trouble"]);
    of_target = of_target || !target["trouble"]["sentence"].text_or().empty();
  }
  const auto what = certificate["trouble"]["what"].text_or();
  if (!of_target || !what.starts_with("deploy")) add("", certificate["trouble"]);
  for (const auto& server : certificate["work"]["servers"].elements()) {
    if (server["ready"].bool_or(false)) continue;
    remarks.push_back(fmt::format("waiting for {}: {}{}", clean(server["server"].text_or()),
                                  clean(server["says"].text_or()), how_long(server, now)));
  }
  return remarks;
}

std::vector<const json::Value*> worst_first(const json::Array& certificates) {
  std::vector<const json::Value*> sorted;
  for (const auto& each : certificates) sorted.push_back(&each);
  std::ranges::stable_sort(sorted, [](const json::Value* one, const json::Value* other) {
    const auto key = [](const json::Value& value) {
      return std::pair(rank_of(value["state"].text_or()), value["live"]["not_after"].text_or());
    };
    return key(*one) < key(*other);
  });
  return sorted;
}

}  // namespace

bool is_failing(const json::Value& certificate) {
  const auto state = certificate["state"].text_or();
  return state == "failing" || state == "expired";
}

std::string render_status(const json::Array& certificates, Time now, const Style& style) {
  const auto sorted = worst_first(certificates);
  const Row head{"NAME", "STATE", "LEFT", "RENEWS", "CA", "TARGETS"};
  std::vector<Row> rows;
  Widths widths;
  for (const Layout& layout : {Layout{}, Layout{false, bar_cells, true}, Layout{false, short_bar_cells, true},
                               Layout{false, short_bar_cells, false}, Layout{false, 0, false}}) {
    rows = {head};
    for (const auto* certificate : sorted) rows.push_back(row_of(*certificate, now, layout, style));
    widths = widths_of(rows);
    if (widths.total() <= style.columns) break;
  }
  const auto give_way = [&](std::size_t& width, std::size_t least) {
    const auto total = widths.total();
    if (total > style.columns) width -= std::min(width - std::min(width, least), total - style.columns);
  };
  give_way(widths.name, least_name_columns);
  give_way(widths.ca, least_ca_columns);
  std::string text = line_of(rows.front(), widths, Colour::none, style);
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    text += line_of(rows[i + 1], widths, colour_of((*sorted[i])["state"].text_or()), style);
    for (const auto& remark : remarks_on(*sorted[i], now)) text += "  " + wrapped(remark, style.columns, 2) + "\n";
  }
  return text;
}

std::string render_summary(const json::Array& certificates, const json::Value& status, Time now, const Style& style) {
  std::map<std::size_t, std::size_t> counts;
  std::optional<Time> next;
  for (const auto& certificate : certificates) {
    ++counts[rank_of(certificate["state"].text_or())];
    const auto at = time_in(certificate["next"]["at"]);
    if (at && (!next || *at < *next)) next = at;
  }
  std::vector<std::string> parts;
  for (auto count = counts.rbegin(); count != counts.rend(); ++count) {
    parts.push_back(
        fmt::format("{} {}", count->second, count->first < states.size() ? states.at(count->first) : "other"));
  }
  auto text = fmt::format("{} certificate{}", certificates.size(), certificates.size() == 1 ? "" : "s");
  if (!parts.empty()) text += fmt::format(": {}", fmt::join(parts, ", "));
  std::vector<std::string> cas;
  for (const auto& ca : status["cas"].elements()) {
    const auto until = time_in(ca["paused_until"]);
    cas.push_back(fmt::format("{} {}", clean(ca["name"].text_or()),
                              until                      ? "paused until " + local_time(*until)
                              : ca["open"].bool_or(true) ? "open"
                                                         : "closed"));
  }
  if (!cas.empty()) text += fmt::format("; CA {}", fmt::join(cas, ", "));
  if (const auto told = time_in(status["next"]["at"])) next = told;
  if (next) text += fmt::format("; next {}", *next > now ? relative(*next, now) : "now");
  return wrapped(text, style.columns, 0) + "\n";
}

}  // namespace acmed::acmectl
