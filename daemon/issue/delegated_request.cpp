// SPDX-License-Identifier: Apache-2.0
#include "daemon/issue/delegated_request.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <optional>
#include <set>

#include "base/ascii.h"
#include "base/error.h"

namespace acmed::issue {
namespace {

using crypto::KeyType;
using KeyKind = acme::CsrTemplate::KeyKind;

constexpr std::size_t longest_common_name = 64;  // RFC 5280 appendix A.1
constexpr std::size_t most_listed = 20;

/// A key type of ours in the words of a template.
struct OwnKey {
  KeyType type;
  unsigned length;  ///< of RSA keys
  std::string_view named_curve;
};
constexpr std::array<OwnKey, 6> own_keys = {{{KeyType::ecdsa_p256, 0, "secp256r1"},
                                             {KeyType::ecdsa_p384, 0, "secp384r1"},
                                             {KeyType::ecdsa_p521, 0, "secp521r1"},
                                             {KeyType::rsa_2048, 2048, ""},
                                             {KeyType::rsa_3072, 3072, ""},
                                             {KeyType::rsa_4096, 4096, ""}}};

struct Signature {
  std::string_view name;
  unsigned digest_bits;
  bool is_pss;
};
constexpr std::array<Signature, 6> rsa_signatures = {{{"sha256WithRSAEncryption", 256, false},
                                                      {"sha384WithRSAEncryption", 384, false},
                                                      {"sha512WithRSAEncryption", 512, false},
                                                      {"sha256WithRSAandMGF1", 256, true},
                                                      {"sha384WithRSAandMGF1", 384, true},
                                                      {"sha512WithRSAandMGF1", 512, true}}};
constexpr std::array<Signature, 3> ecdsa_signatures = {
    {{"ecdsa-with-SHA256", 256, false}, {"ecdsa-with-SHA384", 384, false}, {"ecdsa-with-SHA512", 512, false}}};

/// The parts of a subject, in the order of RFC 5280's name, with OpenSSL's short names.
constexpr std::array<std::pair<std::string_view, std::string_view>, 7> subject_parts = {{
    {"country", "C"},
    {"stateOrProvince", "ST"},
    {"locality", "L"},
    {"organization", "O"},
    {"organizationalUnit", "OU"},
    {"commonName", "CN"},
    {"emailAddress", "emailAddress"},
}};

Refused unfit(const std::string& sentence) {
  return {"acme:csrTemplate", sentence};
}

bool is_choice(const std::string& text) {
  return text == acme::CsrTemplate::required_of_us || text == acme::CsrTemplate::left_to_us;
}

std::optional<Signature> signature_of(const KeyKind& kind) {
  const auto find = [&kind](const auto& all) -> std::optional<Signature> {
    const auto found = std::ranges::find(all, std::string_view(kind.signature), &Signature::name);
    return found == all.end() ? std::nullopt : std::optional<Signature>(*found);
  };
  return kind.public_key == "rsaEncryption" ? find(rsa_signatures) : find(ecdsa_signatures);
}

const OwnKey* own_key_of(const KeyKind& kind) {
  const auto found = std::ranges::find_if(own_keys, [&kind](const OwnKey& own) {
    return kind.public_key == "rsaEncryption" ? own.length != 0 && own.length == kind.length
                                              : own.length == 0 && own.named_curve == kind.named_curve;
  });
  return found == own_keys.end() ? nullptr : &*found;
}

Signature signature_for(const acme::CsrTemplate& wanted, KeyType key_type) {
  std::vector<std::string> usable;
  for (const auto& kind : wanted.key_kinds) {
    const auto* own = own_key_of(kind);
    const auto signature = signature_of(kind);
    if (own == nullptr || !signature) continue;
    if (own->type == key_type) return *signature;
    const auto name = fmt::format("\"{}\"", crypto::to_text(own->type));
    if (std::ranges::find(usable, name) == usable.end()) usable.push_back(name);
  }
  if (usable.empty()) {
    throw unfit("the delegation allows no key that acmed can make: ask who delegates the names to allow another one");
  }
  throw unfit(fmt::format("the delegation allows no key of type {}: set key_type = {}", crypto::to_text(key_type),
                          fmt::join(usable, " or ")));
}

/// Each required_of_us stands for one name of our choice, each left_to_us for at most one.
void require_names(const acme::CsrTemplate& wanted, const std::vector<std::string>& names) {
  std::vector<std::string> fixed;
  std::size_t least = 0;
  std::size_t most = 0;
  for (const auto& name : wanted.dns_names) {
    if (!is_choice(name)) fixed.push_back(ascii_lower(name));
    least += name != acme::CsrTemplate::left_to_us ? 1 : 0;
    ++most;
  }
  const auto is_configured = [&names](const std::string& name) {
    return std::ranges::find(names, name) != names.end();
  };
  if (std::ranges::all_of(fixed, is_configured) && names.size() >= least && names.size() <= most) return;
  if (fixed.size() > most_listed) fixed.resize(most_listed);
  const auto others = most == wanted.dns_names.size() && fixed.size() == most
                          ? std::string()
                          : fmt::format(", and of your choice so many more that there are {} to {}", least, most);
  throw unfit(fmt::format("the delegation is for other names than `domains` has: set domains = [{}]{}",
                          fixed.empty() ? std::string() : fmt::format("\"{}\"", fmt::join(fixed, "\", \"")), others));
}

/// What can be chosen without being asked for is left out.
std::vector<std::pair<std::string, std::string>> subject_for(const acme::CsrTemplate& wanted,
                                                             const std::vector<std::string>& names) {
  std::vector<std::pair<std::string, std::string>> subject;
  for (const auto& [part, short_name] : subject_parts) {
    const auto found = wanted.subject.find(std::string(part));
    if (found == wanted.subject.end() || found->second == acme::CsrTemplate::left_to_us) continue;
    auto value = found->second;
    if (value == acme::CsrTemplate::required_of_us) {
      const bool can = part == "commonName" && names.front().size() <= longest_common_name;
      if (!can) {
        throw unfit(
            fmt::format("the delegation wants a {} of our choice in the subject of certificates, which acmed "
                        "does not offer: ask who delegates the names to write it into the template",
                        part));
      }
      value = names.front();
    }
    subject.emplace_back(short_name, value);
  }
  return subject;
}

}  // namespace

crypto::RequestContent request_for(const acme::CsrTemplate& wanted, KeyType key_type,
                                   const std::vector<std::string>& names) {
  require_names(wanted, names);
  const auto signature = signature_for(wanted, key_type);
  return {.dns_names = names,
          .emails = wanted.emails,
          .uris = wanted.uris,
          .subject = subject_for(wanted, names),
          .key_usage = wanted.key_usage,
          .extended_key_usage = wanted.extended_key_usage,
          .digest_bits = signature.digest_bits,
          .is_pss = signature.is_pss};
}

}  // namespace acmed::issue
