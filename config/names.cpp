// SPDX-License-Identifier: Apache-2.0
#include "config/names.h"

#include <fmt/format.h>
#include <idn2.h>

#include <algorithm>
#include <memory>

#include "base/ascii.h"
#include "config/addresses.h"
#include "config/challenge_label.h"
#include "config/toml.h"

namespace acmed::config {
namespace {

constexpr std::size_t longest_name = 253;
constexpr std::size_t longest_label = 63;
constexpr std::size_t longest_proved_name = longest_name - challenge_label.size() - 1;

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

struct FreeIdn {
  void operator()(std::uint8_t* text) const noexcept { idn2_free(text); }
};

/// Lower case, with Unicode labels as A-labels; A-labels in the input must decode to a Unicode label.
Checked<> to_a_labels(std::string name) {
  name = ascii_lower(std::move(name));
  if (is_ascii(name) && name.find("xn--") == std::string::npos) return {name, {}};
  std::uint8_t* converted = nullptr;
  const int result = idn2_lookup_u8(reinterpret_cast<const std::uint8_t*>(name.c_str()), &converted,
                                    IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
  const std::unique_ptr<std::uint8_t, FreeIdn> owner(converted);
  if (result != IDN2_OK) {
    return {{}, fmt::format("{} is no internationalized domain name ({})", in_quotes(name), idn2_strerror(result))};
  }
  return {reinterpret_cast<const char*>(converted), {}};
}

std::string fault_of_label(std::string_view label, std::string_view name, bool underscore) {
  if (label.empty()) return fmt::format("{} has an empty label: two dots follow each other", in_quotes(name));
  if (label.size() > longest_label) {
    return fmt::format("the label {} is {} octets long, {} are allowed", in_quotes(label), label.size(), longest_label);
  }
  for (const char c : label) {
    if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || (c == '_' && underscore)) continue;
    return fmt::format("{} holds {}; letters, digits and hyphens are allowed", in_quotes(name),
                       in_quotes(std::string_view(&c, 1)));
  }
  if (label.front() == '-' || label.back() == '-') {
    return fmt::format("the label {} of {} begins or ends with a hyphen", in_quotes(label), in_quotes(name));
  }
  return {};
}

/// Checks a name without a wildcard.
Checked<> plain_name(std::string_view text, bool underscore) {
  if (text.empty()) return {{}, "the name is empty"};
  if (text.find("://") != std::string_view::npos)
    return {{}, in_quotes(text) + " is a URL; give the domain name alone"};
  if (text.find_first_of(" \t\r\n,;") != std::string_view::npos) {
    return {{}, in_quotes(text) + " is not one name; write each in quotes of its own"};
  }
  if (text.ends_with('.')) text.remove_suffix(1);
  auto name = to_a_labels(std::string(text));
  if (!name.good()) return name;
  for (std::string_view rest = name.value;;) {
    const auto dot = rest.find('.');
    if (auto fault = fault_of_label(rest.substr(0, dot), name.value, underscore); !fault.empty()) return {{}, fault};
    if (dot == std::string_view::npos) break;
    rest.remove_prefix(dot + 1);
  }
  if (name.value.size() > longest_name) {
    return {{}, fmt::format("{} is {} octets long, {} are allowed", in_quotes(text), name.value.size(), longest_name)};
  }
  return name;
}

/// A top-level domain is never all digits, so such a name is a mistyped address (RFC 3696 §2).
bool looks_like_address(std::string_view text) {
  if (is_address(text)) return true;
  const auto last = text.substr(text.rfind('.') + 1);
  return text.find_first_not_of("0123456789.") == std::string_view::npos && !last.empty();
}

/// An IP address in one of the forms that people write: alone, in brackets, with a port, with the length of a network.
bool holds_address(std::string_view text) {
  if (text.starts_with('[')) return true;
  if (looks_like_address(text) || looks_like_address(text.substr(0, text.find('/')))) return true;
  const auto colon = text.find(':');
  return colon != std::string_view::npos && looks_like_address(text.substr(0, colon));
}

/// Why `text` is no name of the DNS, the only kind of identifier that a TXT record can prove; empty when it may be one.
std::string fault_of_kind(std::string_view text) {
  if (text.find("://") != std::string_view::npos) {
    return in_quotes(text) +
           " is a URL; certificates are for domain names, and a TXT record proves these only: give the "
           "name alone, without scheme, port and path";
  }
  if (holds_address(text)) {
    return in_quotes(text) +
           " is an IP address; DNS-01 proves domain names only (RFC 8738 §7): give the name that "
           "leads to it, or get its certificate by another client, with http-01";
  }
  if (text.find('@') != std::string_view::npos) {
    return in_quotes(text) + " is a mail address; TXT records prove domain names only: give the name after the \"@\"";
  }
  if (text.find(':') != std::string_view::npos) {
    return in_quotes(text) + " has a port; a certificate is for the whole name, at all ports: leave " +
           in_quotes(text.substr(text.find(':'))) + " out";
  }
  if (text.find('/') != std::string_view::npos) {
    return in_quotes(text) + " has a path; a certificate is for the whole name: leave all from the \"/\" on out";
  }
  return {};
}

}  // namespace

Checked<> certificate_name(std::string_view text) {
  if (auto fault = fault_of_kind(text); !fault.empty()) return {{}, std::move(fault)};
  const bool wildcard = text.starts_with("*.");
  const auto base = wildcard ? text.substr(2) : text;
  if (wildcard && base.starts_with("*")) {
    return {{}, in_quotes(text) + " is a wildcard of a wildcard; only the first label may be \"*\""};
  }
  if (base.find('*') != std::string_view::npos) {
    return {{}, in_quotes(text) + " has a \"*\" that is not the whole first label; write \"*.\" in front of a name"};
  }
  auto name = plain_name(base, false);
  if (!name.good()) return name;
  if (name.value.find('.') == std::string::npos) {
    return {
        {},
        fmt::format("{} is {}; no CA certifies that, give a name such as \"{}www.example.com\"", in_quotes(text),
                    wildcard ? "the wildcard of a whole top-level domain" : "a single label", wildcard ? "*." : "")};
  }
  if (name.value.size() > longest_proved_name) {
    return {{},
            fmt::format("{} is {} octets long; {} are allowed, since its proof stands at {}.NAME", in_quotes(text),
                        name.value.size(), longest_proved_name, challenge_label)};
  }
  if (wildcard) name.value.insert(0, "*.");
  return name;
}

Checked<> zone_name(std::string_view text) {
  if (text.find('*') != std::string_view::npos) {
    return {{}, in_quotes(text) + " holds a \"*\"; name the zone alone, it serves all names below it"};
  }
  if (is_address(text)) return {{}, in_quotes(text) + " is an IP address; a zone is a domain name"};
  return plain_name(text, true);
}

bool is_within(std::string_view name, std::string_view zone) {
  if (!name.ends_with(zone)) return false;
  return name.size() == zone.size() || name[name.size() - zone.size() - 1] == '.';
}

}  // namespace acmed::config
