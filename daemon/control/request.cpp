// SPDX-License-Identifier: Apache-2.0
#include "daemon/control/request.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/foreign_text.h"
#include "config/suggest.h"
#include "daemon/control/problem.h"

namespace acmed::control {
namespace {

constexpr std::int64_t largest_number = 1'000'000'000;

ProblemResponse bad(const std::string& sentence) {
  return {400, "control:request", sentence};
}

std::string hint_for(const std::string& word, const std::vector<std::string>& known) {
  auto hint = config::did_you_mean(word, known);
  if (!hint.empty()) return hint;
  return known.empty() ? "; there are none here" : "; there is " + config::listed(known, "and");
}

}  // namespace

json::Object object_in(const http::ServerRequest& request, const std::vector<std::string>& known) {
  if (request.body.empty()) return {};
  const auto value = json::parse(request.body);
  const auto* object = value ? value->as_object() : nullptr;
  if (object == nullptr) throw bad("the body is no JSON object");
  for (const auto& [name, member] : *object) {
    if (std::ranges::find(known, name) != known.end()) continue;
    throw bad(
        fmt::format("the body has an unknown member \"{}\"{}", one_line(name, longest_quote), hint_for(name, known)));
  }
  return *object;
}

bool bool_in(const json::Object& object, const std::string& member, bool otherwise) {
  const auto found = object.find(member);
  if (found == object.end() || found->second.is_null()) return otherwise;
  const auto* value = found->second.as_bool();
  if (value == nullptr) throw bad(fmt::format("\"{}\" must be true or false", member));
  return *value;
}

std::optional<unsigned> number_in(const json::Object& object, const std::string& member) {
  const auto found = object.find(member);
  if (found == object.end() || found->second.is_null()) return std::nullopt;
  const auto* value = found->second.as_integer();
  if (value == nullptr || *value <= 0 || *value > largest_number) {
    throw bad(fmt::format("\"{}\" must be a whole number above 0, or null", member));
  }
  return static_cast<unsigned>(*value);
}

std::optional<std::string> text_in(const json::Object& object, const std::string& member) {
  const auto found = object.find(member);
  if (found == object.end() || found->second.is_null()) return std::nullopt;
  const auto* value = found->second.as_string();
  if (value == nullptr || value->empty()) throw bad(fmt::format("\"{}\" must be a text, or null", member));
  return *value;
}

void check_query(const http::ServerRequest& request, const std::vector<std::string>& known) {
  for (const auto& [name, value] : request.query) {
    if (std::ranges::find(known, name) != known.end()) continue;
    throw bad(fmt::format("the query has an unknown parameter \"{}\"{}", one_line(name, longest_quote),
                          hint_for(name, known)));
  }
}

std::vector<std::string> parameters(const http::ServerRequest& request, const std::string& name) {
  std::vector<std::string> values;
  for (const auto& [each, value] : request.query) {
    if (each == name) values.push_back(value);
  }
  return values;
}

}  // namespace acmed::control
