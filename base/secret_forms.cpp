// SPDX-License-Identifier: Apache-2.0
#include "base/secret_forms.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/ascii.h"
#include "base/encoding.h"
#include "base/json.h"

namespace acmed {
namespace {

/// Shorter ones stand in too many words.
constexpr std::size_t shortest_form = 6;

/// What encoders leave as it is besides the unreserved characters: in a path, JavaScript's encodeURIComponent and
/// encodeURI.
constexpr std::array<std::string_view, 4> kept_by_encoders = {"", "/", "!'()*", ";/?:@&=+$,#!'()*"};

using Replacements = std::vector<std::pair<char, std::string_view>>;

std::string replaced(std::string_view text, const Replacements& replacements) {
  std::string result;
  for (const char c : text) {
    const auto found = std::ranges::find(replacements, c, &Replacements::value_type::first);
    if (found == replacements.end()) {
      result += c;
    } else {
      result += found->second;
    }
  }
  return result;
}

/// The characters of the base64 of "...secret..." that do not depend on what stands before, `lead` octets more than a
/// multiple of three, and after it.
std::string base64_core(std::string_view secret, std::size_t lead) {
  const auto text = base64(std::string(lead, '\0').append(secret));
  const auto begin = (lead * 8 + 5) / 6;
  const auto end = (lead + secret.size()) * 8 / 6;
  return text.substr(begin, end - begin);
}

/// "%2f" for "%2F".
std::string with_small_escapes(std::string text) {
  for (auto at = text.find('%'); at != text.npos; at = text.find('%', at + 3)) {
    for (std::size_t i = at + 1; i < std::min(at + 3, text.size()); ++i) text[i] = ascii_lower(text[i]);
  }
  return text;
}

std::string upper_case(std::string digits) {
  for (char& c : digits) {
    if (c >= 'a' && c <= 'f') c = static_cast<char>(c - 'a' + 'A');
  }
  return digits;
}

std::string in_json(std::string_view text) {
  const auto quoted = json::dump(json::Value(text));
  return quoted.substr(1, quoted.size() - 2);
}

}  // namespace

std::vector<std::string> usual_forms(std::string_view secret) {
  std::vector<std::string> forms = {std::string(secret)};
  const auto add = [&forms](std::string form) {
    if (form.size() >= shortest_form && std::ranges::find(forms, form) == forms.end()) forms.push_back(std::move(form));
  };
  for (std::size_t lead = 0; lead < 3; ++lead) {
    const auto core = base64_core(secret, lead);
    add(core);
    add(replaced(core, {{'+', "-"}, {'/', "_"}}));
  }
  const auto digits = hex(secret);
  add(digits);
  add(upper_case(digits));
  for (const auto kept : kept_by_encoders) {
    const auto form = percent_encoded(secret, kept);
    add(form);
    add(with_small_escapes(form));
  }
  const auto json = in_json(secret);
  add(json);
  add(replaced(json, {{'/', "\\/"}}));
  add(replaced(json, {{'<', "\\u003c"}, {'>', "\\u003e"}, {'&', "\\u0026"}, {'\'', "\\u0027"}}));
  add(replaced(secret, {{'<', "&lt;"}, {'>', "&gt;"}, {'&', "&amp;"}, {'"', "&quot;"}, {'\'', "&#39;"}}));
  add(replaced(secret, {{'<', "&lt;"}, {'>', "&gt;"}, {'&', "&amp;"}, {'"', "&quot;"}, {'\'', "&apos;"}}));
  return forms;
}

}  // namespace acmed
