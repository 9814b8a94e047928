// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "base/crypto/token.h"

namespace acmed::crypto {
namespace {

constexpr std::string_view scheme = "pkcs11:";
constexpr std::size_t longest_uri = 1024;
/// RFC 7512 §2.3: what says which token, and what says which object in it.
constexpr std::array<std::string_view, 6> of_token = {"token", "serial",           "manufacturer",
                                                      "model", "slot-description", "slot-id"};
constexpr std::array<std::string_view, 2> of_object = {"object", "id"};

using Attribute = std::pair<std::string_view, std::string_view>;

std::vector<Attribute> attributes(std::string_view text, char separator) {
  std::vector<Attribute> all;
  while (!text.empty()) {
    const auto end = std::min(text.find(separator), text.size());
    const auto one = text.substr(0, end);
    const auto equals = std::min(one.find('='), one.size());
    all.emplace_back(one.substr(0, equals), equals < one.size() ? one.substr(equals + 1) : std::string_view());
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return all;
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool has_whole_escapes(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') continue;
    if (i + 2 >= text.size() || hex_value(text[i + 1]) < 0 || hex_value(text[i + 2]) < 0) return false;
    i += 2;
  }
  return true;
}

std::string without_escapes(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%') {
      plain += static_cast<char>(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2]));
      i += 2;
    } else {
      plain += text[i];
    }
  }
  return plain;
}

/// The path and the query of a URI.
std::pair<std::string_view, std::string_view> parts_of(std::string_view uri) {
  uri.remove_prefix(scheme.size());
  const auto query = std::min(uri.find('?'), uri.size());
  return {uri.substr(0, query), query < uri.size() ? uri.substr(query + 1) : std::string_view()};
}

bool is_pin(std::string_view name) {
  return name == "pin-value" || name == "pin-source";
}

std::string fault_of_path(std::string_view path) {
  bool has_token = false;
  bool has_object = false;
  for (const auto& [name, value] : attributes(path, ';')) {
    if (is_pin(name)) return "the PIN does not belong into the URI; write pin = { file = \"PATH\" } beside it";
    const bool is_of_token = std::ranges::find(of_token, name) != of_token.end();
    const bool is_of_object = std::ranges::find(of_object, name) != of_object.end();
    if (name == "type" && value == "private") continue;
    if (name == "type") return "it names no private key; leave `type` out, or write type=private";
    if (!is_of_token && !is_of_object) {
      return "has an attribute that is none of token, serial, manufacturer, model, slot-id, object, id and type "
             "(RFC 7512)";
    }
    if (value.empty()) return fmt::format("its attribute {} is empty", name);
    has_token = has_token || name == "token" || name == "serial";
    has_object = has_object || is_of_object;
  }
  if (!has_token) return "does not say in which token the key is; add token=LABEL or serial=NUMBER";
  if (!has_object) return "does not say which key it is; add object=LABEL or id=%01";
  return {};
}

std::string fault_of_query(std::string_view query) {
  for (const auto& [name, value] : attributes(query, '&')) {
    if (is_pin(name)) return "the PIN does not belong into the URI; write pin = { file = \"PATH\" } beside it";
    if (name != "module-path") return "after the \"?\" only module-path=/PATH/OF/THE/MODULE.so is allowed";
    if (!without_escapes(value).starts_with('/')) return "module-path is no absolute path";
  }
  return {};
}

}  // namespace

std::string fault_of_token_uri(std::string_view uri) {
  if (!uri.starts_with(scheme)) return "is no PKCS #11 URI; \"pkcs11:token=LABEL;object=LABEL\" is wanted (RFC 7512)";
  if (uri.size() > longest_uri) return fmt::format("is {} octets long, {} are allowed", uri.size(), longest_uri);
  const auto is_odd = [](char c) { return c <= ' ' || c > '~'; };
  if (std::ranges::any_of(uri, is_odd) || !has_whole_escapes(uri)) {
    return "has a blank or another character that has to be written as % and two hexadecimal digits, %20 for a blank";
  }
  const auto [path, query] = parts_of(uri);
  auto fault = fault_of_path(path);
  return fault.empty() ? fault_of_query(query) : fault;
}

TokenUri parse_token_uri(std::string_view uri) {
  const auto [path, query] = parts_of(uri);
  TokenUri parsed;
  parsed.object = std::string(scheme) + std::string(path);
  for (const auto& [name, value] : attributes(path, ';')) {
    if (std::ranges::find(of_token, name) == of_token.end()) continue;
    parsed.token += fmt::format("{}{}={}", parsed.token.empty() ? "" : ";", name, value);
  }
  for (const auto& [name, value] : attributes(query, '&')) {
    if (name == "module-path") parsed.module = without_escapes(value);
  }
  return parsed;
}

}  // namespace acmed::crypto
