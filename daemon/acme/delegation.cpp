// SPDX-License-Identifier: Apache-2.0
#include "daemon/acme/delegation.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/error.h"
#include "base/foreign_text.h"

namespace acmed::acme {
namespace {

constexpr std::size_t most_elements = 100;
constexpr std::size_t longest_text = 253;
constexpr std::size_t longest_quote = 80;

constexpr std::array<std::string_view, 7> subject_parts = {
    "country", "stateOrProvince", "locality", "organization", "organizationalUnit", "emailAddress", "commonName"};

[[noreturn]] void refuse(const std::string& member, const std::string& what) {
  throw Error(
      Error::Advice::refused, "acme:csrTemplate",
      fmt::format("the CSR template of the delegation cannot be obeyed: {} {}; ask who delegates the names to mend it",
                  member, what),
      std::nullopt, Party::ca);
}

/// The texts of a member that, where it is, is a list of some.
std::vector<std::string> read_list(const json::Value& of, const std::string& member) {
  const auto& value = of[member];
  if (value.is_null()) return {};
  const auto& elements = value.elements();
  const auto texts = value.texts();
  if (elements.empty() || texts.size() != elements.size()) refuse(member, "is not a list of texts");
  if (texts.size() > most_elements) refuse(member, fmt::format("has more than {} elements", most_elements));
  for (const auto& text : texts) {
    if (text.empty() || text.size() > longest_text || one_line(text, longest_text) != text) {
      refuse(member, fmt::format("has the element \"{}\"", one_line(text, longest_quote)));
    }
  }
  return texts;
}

CsrTemplate::KeyKind read_key_kind(const json::Value& value) {
  CsrTemplate::KeyKind kind;
  kind.public_key = one_line(value["PublicKeyType"].text_or(), longest_quote);
  kind.named_curve = one_line(value["namedCurve"].text_or(), longest_quote);
  kind.signature = one_line(value["SignatureType"].text_or(), longest_quote);
  const auto length = value["PublicKeyLength"].integer_or(0);
  kind.length = length > 0 && length <= 100'000 ? static_cast<unsigned>(length) : 0;
  if (kind.signature.empty()) refuse("keyTypes", "has an element without SignatureType");
  const bool is_rsa = kind.public_key == "rsaEncryption";
  if (!is_rsa && kind.public_key != "id-ecPublicKey") {
    refuse("keyTypes", fmt::format("has the PublicKeyType \"{}\"", kind.public_key));
  }
  if (is_rsa && kind.length == 0) refuse("keyTypes", "has an element without a usable PublicKeyLength");
  if (!is_rsa && kind.named_curve.empty()) refuse("keyTypes", "has an element without namedCurve");
  return kind;
}

/// A member that is not known would be a wish that is not obeyed.
void refuse_others(const json::Value& value, const std::string& what, const std::vector<std::string_view>& known) {
  const auto* object = value.as_object();
  if (object == nullptr) refuse(what, "is missing");
  for (const auto& [name, ignored] : *object) {
    if (std::ranges::find(known, name) == known.end()) {
      refuse(what, fmt::format("has the unknown member \"{}\"", one_line(name, longest_quote)));
    }
  }
}

}  // namespace

CsrTemplate CsrTemplate::from_json(const json::Value& value) {
  refuse_others(value, "csr-template", {"keyTypes", "subject", "extensions"});
  CsrTemplate result;
  const auto& kinds = value["keyTypes"].elements();
  if (kinds.empty() || kinds.size() > most_elements) refuse("keyTypes", "is missing or too long");
  for (const auto& kind : kinds) result.key_kinds.push_back(read_key_kind(kind));

  if (!value["subject"].is_null()) {
    refuse_others(value["subject"], "subject", {subject_parts.begin(), subject_parts.end()});
    for (const auto& [part, wanted] : *value["subject"].as_object()) {
      const auto text = wanted.text_or();
      if (text.empty() || text.size() > longest_text || one_line(text, longest_text) != text) {
        refuse("subject", fmt::format("has no usable {}", part));
      }
      result.subject.emplace(part, text);
    }
  }

  const auto& extensions = value["extensions"];
  refuse_others(extensions, "extensions", {"keyUsage", "extendedKeyUsage", "subjectAltName"});
  refuse_others(extensions["subjectAltName"], "subjectAltName", {"DNS", "Email", "URI"});
  result.key_usage = read_list(extensions, "keyUsage");
  result.extended_key_usage = read_list(extensions, "extendedKeyUsage");
  result.dns_names = read_list(extensions["subjectAltName"], "DNS");
  result.emails = read_list(extensions["subjectAltName"], "Email");
  result.uris = read_list(extensions["subjectAltName"], "URI");
  if (result.dns_names.empty()) refuse("subjectAltName", "has no DNS names");
  return result;
}

}  // namespace acmed::acme
