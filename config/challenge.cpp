// SPDX-License-Identifier: Apache-2.0
#include "config/challenge.h"

#include "base/crypto/digest.h"
#include "base/encoding.h"
#include "config/challenge_label.h"

namespace acmed::config {
namespace {

constexpr std::size_t account_octets = 10;  // of the digest

}  // namespace

std::string_view name_of(ChallengeType type) noexcept {
  switch (type) {
    case ChallengeType::dns_account_01:
      return "dns-account-01";
    case ChallengeType::dns_persist_01:
      return "dns-persist-01";
    case ChallengeType::dns_01:
      break;
  }
  return "dns-01";
}

std::string names_of(const Challenges& types) {
  std::string text;
  for (const auto type : types) text += (text.empty() ? "" : ", ") + std::string(name_of(type));
  return text;
}

std::string account_label(std::string_view account_url) {
  return "_" + base32(crypto::sha256(account_url).substr(0, account_octets));
}

std::string challenge_parent(ChallengeType type, std::string_view domain) {
  if (domain.starts_with("*.")) domain.remove_prefix(2);
  const auto label = type == ChallengeType::dns_persist_01 ? persist_label : challenge_label;
  return std::string(label) + "." + std::string(domain);
}

std::string challenge_name(ChallengeType type, std::string_view domain, std::string_view account_url) {
  auto name = challenge_parent(type, domain);
  if (type == ChallengeType::dns_account_01) name.insert(0, account_label(account_url) + ".");
  return name;
}

}  // namespace acmed::config
